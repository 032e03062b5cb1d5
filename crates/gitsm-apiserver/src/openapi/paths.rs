//! The paths of a group version and what may be done on them.

use super::definitions::{DELETE_OPTIONS, PATCH, STATUS, name_of, reference};
use crate::discovery::{self, Subresource};
use crate::kind::{Kind, Origin};
use crate::kinds::GroupVersion;
use crate::request::Verb;
use serde_json::{Map, Value, json};

const DRY_RUN: &str = "When present, indicates that modifications should not be persisted. An invalid or unrecognized dryRun directive will result in an error response and no further processing of the request. Valid values are: - All: all dry run stages will be processed";
const FIELD_MANAGER: &str = "fieldManager is a name associated with the actor or entity that is making these changes. The value must be less than or 128 characters long, and only contain printable characters, as defined by https://golang.org/pkg/unicode/#IsPrint.";
const FIELD_VALIDATION: &str = "fieldValidation instructs the server on how to handle objects in the request (POST/PUT/PATCH) containing unknown or duplicate fields. Valid values are: - Ignore: This will ignore any unknown fields that are silently dropped from the object, and will ignore all but the last duplicate field that the decoder encounters. - Warn: This will send a warning via the standard warning response header for each unknown field that is dropped from the object, and for each duplicate field that is encountered. This is the default. - Strict: This will fail the request with a BadRequest error if any unknown fields would be dropped from the object, or if any duplicate fields are present.";
const FORCE: &str = "Force is going to \"force\" Apply requests. It means user will re-acquire conflicting fields owned by other people. Force flag must be unset for non-apply patch requests.";

/// All paths of a group version.
pub(super) fn of(served: &GroupVersion) -> Map<String, Value> {
    let base = if served.group.is_empty() {
        format!("/api/{}", served.version)
    } else {
        format!("/apis/{}/{}", served.group, served.version)
    };
    let mut paths = Map::new();
    let resources = json!({"get": {
        "tags": [tag(&served.group, &served.version)],
        "description": "get available resources",
        "operationId": format!("get{}APIResources", id(&served.group, &served.version)),
        "responses": {"200": {"description": "OK"}},
    }});
    paths.insert(format!("{base}/"), resources);
    for kind in served.kinds() {
        Resource { kind }.add(&base, &mut paths);
    }
    paths
}

/// `apps_v1`.
fn tag(group: &str, version: &str) -> String {
    let group = if group.is_empty() {
        "core"
    } else {
        group.strip_suffix(".k8s.io").unwrap_or(group)
    };
    format!("{}_{version}", group.replace('.', "_"))
}

/// `AppsV1`, as identifiers of operations contain it.
fn id(group: &str, version: &str) -> String {
    let group = if group.is_empty() {
        "core"
    } else {
        group.strip_suffix(".k8s.io").unwrap_or(group)
    };
    let words = group.split(['.', '-']).chain([version]);
    words
        .map(|word| {
            let mut characters = word.chars();
            let first = characters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(characters).collect::<String>()
        })
        .collect()
}

fn query(name: &str, description: &str, ty: &str) -> Value {
    json!({"name": name, "in": "query", "description": description, "schema": {"type": ty, "uniqueItems": true}})
}

/// The parameters of writes: `force` only of patches.
fn write_parameters(action: &str) -> Vec<Value> {
    let mut parameters = vec![
        query("dryRun", DRY_RUN, "string"),
        query("fieldManager", FIELD_MANAGER, "string"),
        query("fieldValidation", FIELD_VALIDATION, "string"),
    ];
    if action == "patch" {
        parameters.push(query("force", FORCE, "boolean"));
    }
    parameters
}

fn list_parameters() -> Vec<Value> {
    vec![
        query(
            "allowWatchBookmarks",
            "allowWatchBookmarks requests watch events with type \"BOOKMARK\".",
            "boolean",
        ),
        query(
            "continue",
            "The continue option should be set when retrieving more results from the server.",
            "string",
        ),
        query(
            "fieldSelector",
            "A selector to restrict the list of returned objects by their fields. Defaults to everything.",
            "string",
        ),
        query(
            "labelSelector",
            "A selector to restrict the list of returned objects by their labels. Defaults to everything.",
            "string",
        ),
        query(
            "limit",
            "limit is a maximum number of responses to return for a list call.",
            "integer",
        ),
        query(
            "resourceVersion",
            "resourceVersion sets a constraint on what resource versions a request may be served from.",
            "string",
        ),
        query(
            "resourceVersionMatch",
            "resourceVersionMatch determines how resourceVersion is applied to list calls.",
            "string",
        ),
        query(
            "sendInitialEvents",
            "`sendInitialEvents=true` may be set together with `watch=true`.",
            "boolean",
        ),
        query("timeoutSeconds", "Timeout for the list/watch call.", "integer"),
        query(
            "watch",
            "Watch for changes to the described resources and return them as a stream of add, update, and remove notifications.",
            "boolean",
        ),
    ]
}

fn delete_parameters() -> Vec<Value> {
    vec![
        query("dryRun", DRY_RUN, "string"),
        query(
            "gracePeriodSeconds",
            "The duration in seconds before the object should be deleted.",
            "integer",
        ),
        query(
            "orphanDependents",
            "Deprecated: please use the PropagationPolicy.",
            "boolean",
        ),
        query(
            "propagationPolicy",
            "Whether and how garbage collection will be performed.",
            "string",
        ),
    ]
}

/// One operation.
struct Operation<'a> {
    /// `patch`, as `x-kubernetes-action` names it.
    action: &'static str,
    /// `partially update`, for people.
    words: &'static str,
    /// `patchAppsV1NamespacedDeploymentStatus`.
    id: String,
    /// Group, version and kind of what is sent.
    body_kind: (&'a str, &'a str, &'a str),
    parameters: Vec<Value>,
    /// The schema of the body and of the answer.
    body: Option<Value>,
    answer: Value,
}

struct Resource<'k> {
    kind: &'k Kind,
}

impl Resource<'_> {
    fn own(&self) -> (&str, &str, &str) {
        (
            &self.kind.resource.group,
            &self.kind.version,
            &self.kind.names.kind,
        )
    }

    fn may(&self, verb: Verb) -> bool {
        self.kind.verbs.contains(&verb)
    }

    fn schema(&self) -> Value {
        let (group, version, kind) = self.own();
        reference(&name_of(group, version, kind))
    }

    fn add(&self, base: &str, paths: &mut Map<String, Value>) {
        let plural = &self.kind.resource.resource;
        let (scope, collection) = if self.kind.namespaced {
            ("Namespaced", format!("{base}/namespaces/{{namespace}}/{plural}"))
        } else {
            ("", format!("{base}/{plural}"))
        };
        let mut item = self.shared_parameters(true);
        let mut all = self.shared_parameters(false);
        let (group, version, kind) = self.own();
        let id = |verb: &str| format!("{verb}{}{scope}{kind}", id(group, version));
        let list = reference(&(name_of(group, version, kind) + "List"));
        let put = |path: &mut Map<String, Value>, method: &str, operation: Operation<'_>| {
            path.insert(method.to_owned(), self.operation(operation));
        };
        let operation =
            |action, words, verb: &str, parameters, body: Option<Value>, answer: &Value| Operation {
                action,
                words,
                id: id(verb),
                body_kind: self.own(),
                parameters,
                body,
                answer: answer.clone(),
            };
        let schema = self.schema();
        if self.may(Verb::List) {
            put(
                &mut all,
                "get",
                operation(
                    "list",
                    "list or watch objects of kind",
                    "list",
                    list_parameters(),
                    None,
                    &list,
                ),
            );
        }
        if self.may(Verb::Create) {
            let parameters = write_parameters("post");
            put(
                &mut all,
                "post",
                operation(
                    "post",
                    "create a",
                    "create",
                    parameters,
                    Some(schema.clone()),
                    &schema,
                ),
            );
        }
        if self.may(Verb::DeleteCollection) {
            let parameters = list_parameters().into_iter().chain(delete_parameters()).collect();
            let options = Some(reference(DELETE_OPTIONS));
            let words = "delete collection of";
            put(
                &mut all,
                "delete",
                operation(
                    "deletecollection",
                    words,
                    "deleteCollection",
                    parameters,
                    options,
                    &reference(STATUS),
                ),
            );
        }
        if self.may(Verb::Get) {
            put(
                &mut item,
                "get",
                operation("get", "read the specified", "read", vec![], None, &schema),
            );
        }
        if self.may(Verb::Update) {
            let parameters = write_parameters("put");
            put(
                &mut item,
                "put",
                operation(
                    "put",
                    "replace the specified",
                    "replace",
                    parameters,
                    Some(schema.clone()),
                    &schema,
                ),
            );
        }
        if self.may(Verb::Patch) {
            let parameters = write_parameters("patch");
            let words = "partially update the specified";
            put(
                &mut item,
                "patch",
                operation(
                    "patch",
                    words,
                    "patch",
                    parameters,
                    Some(reference(PATCH)),
                    &schema,
                ),
            );
        }
        if self.may(Verb::Delete) {
            let options = Some(reference(DELETE_OPTIONS));
            put(
                &mut item,
                "delete",
                operation(
                    "delete",
                    "delete a",
                    "delete",
                    delete_parameters(),
                    options,
                    &reference(STATUS),
                ),
            );
        }
        if self.kind.namespaced && self.may(Verb::List) {
            let mut everywhere = Map::new();
            let mut across = operation(
                "list",
                "list or watch objects of kind",
                "list",
                list_parameters(),
                None,
                &list,
            );
            across.id = format!("list{}{kind}ForAllNamespaces", self::id(group, version));
            put(&mut everywhere, "get", across);
            paths.insert(format!("{base}/{plural}"), Value::Object(everywhere));
        }
        let one = format!("{collection}/{{name}}");
        for subresource in discovery::subresources(self.kind) {
            let path = self.subresource(&subresource, scope);
            paths.insert(format!("{one}/{}", subresource.name), path);
        }
        if ["get", "put", "patch", "delete"]
            .iter()
            .any(|method| item.contains_key(*method))
        {
            paths.insert(one, Value::Object(item));
        }
        paths.insert(collection, Value::Object(all));
    }

    /// The parameters in the path.
    fn shared_parameters(&self, named: bool) -> Map<String, Value> {
        let in_path = |name: &str, description: &str| {
            json!({"name": name, "in": "path", "description": description, "required": true,
                "schema": {"type": "string", "uniqueItems": true}})
        };
        let mut parameters = Vec::new();
        if named {
            parameters.push(in_path("name", &format!("name of the {}", self.kind.names.kind)));
        }
        if self.kind.namespaced {
            parameters.push(in_path(
                "namespace",
                "object name and auth scope, such as for teams and projects",
            ));
        }
        let pretty = "If 'true', then the output is pretty printed.";
        parameters.push(query("pretty", pretty, "string"));
        Map::from_iter([("parameters".to_owned(), Value::Array(parameters))])
    }

    fn subresource(&self, subresource: &Subresource<'_>, scope: &str) -> Value {
        let (own_group, own_version, own_kind) = self.own();
        let (group, version) = subresource.elsewhere.unwrap_or((own_group, own_version));
        let schema = reference(&name_of(group, version, subresource.kind));
        let mut path = self.shared_parameters(true);
        for verb in subresource.verbs {
            let (method, words, name) = match *verb {
                "get" => ("get", "read", "read"),
                "update" => ("put", "replace", "replace"),
                "patch" => ("patch", "partially update", "patch"),
                _ => ("post", "create", "create"),
            };
            let body = match method {
                "get" => None,
                "patch" => Some(reference(PATCH)),
                _ => Some(schema.clone()),
            };
            let suffix = id("", subresource.name).replacen("Core", "", 1);
            let operation = Operation {
                action: method,
                words,
                id: format!("{name}{}{scope}{own_kind}{suffix}", id(own_group, own_version)),
                body_kind: (group, version, subresource.kind),
                parameters: if method == "get" {
                    vec![]
                } else {
                    write_parameters(method)
                },
                body,
                answer: schema.clone(),
            };
            path.insert(method.to_owned(), self.operation(operation));
        }
        Value::Object(path)
    }

    fn operation(&self, operation: Operation<'_>) -> Value {
        let (group, version, kind) = operation.body_kind;
        let answer =
            json!({"description": "OK", "content": {"application/json": {"schema": operation.answer}}});
        let mut responses = json!({"200": answer});
        if operation.action == "post" {
            responses["201"] = json!({"description": "Created", "content": {"application/json": {"schema": operation.answer}}});
        }
        let mut written = json!({
            "tags": [tag(&self.kind.resource.group, &self.kind.version)],
            "description": format!("{} {}", operation.words, self.kind.names.kind),
            "operationId": operation.id,
            "responses": responses,
            "x-kubernetes-action": operation.action,
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind},
        });
        if !operation.parameters.is_empty() {
            written["parameters"] = operation.parameters.into();
        }
        if let Some(body) = operation.body {
            let types: &[&str] = match operation.action {
                "patch" if self.kind.origin == Origin::BuiltIn => &[
                    "application/apply-patch+yaml",
                    "application/json-patch+json",
                    "application/merge-patch+json",
                    "application/strategic-merge-patch+json",
                ],
                "patch" => &[
                    "application/apply-patch+yaml",
                    "application/json-patch+json",
                    "application/merge-patch+json",
                ],
                _ => &["application/json", "application/yaml"],
            };
            let content: Map<String, Value> = types
                .iter()
                .map(|ty| ((*ty).to_owned(), json!({"schema": body})))
                .collect();
            written["requestBody"] =
                json!({"content": content, "required": !operation.action.starts_with("delete")});
        }
        written
    }
}
