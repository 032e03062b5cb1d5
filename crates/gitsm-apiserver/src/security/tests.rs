#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::error::ApiError;
use crate::http::gate::{Gate as _, Reviews as _};
use crate::http::path::{self, Target};
use crate::http::query::Query;
use crate::kind::Part;
use crate::registry::{Admission as _, Admitted, Registry};
use crate::store::{Change, Durability, Expect, StoreOptions, Write};
use crate::user::User;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::json;

struct Scene {
    security: Arc<Security>,
    registry: Registry,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Clock = Arc::new(|| Timestamp::from_second(1_800_000_000).unwrap());
        let tokens = Tokens::load(folder.path()).unwrap();
        let security = Security::new(tokens, folder.path(), Arc::clone(&clock)).unwrap();
        let store = Store::open(&folder.path().join("store"), StoreOptions::new(Arc::new(|| 1))).unwrap();
        let kinds = Arc::new(Kinds::new(crate::builtin::kinds()));
        let objects = Objects {
            store: store.clone(),
            kinds: Arc::clone(&kinds),
        };
        assert!(security.objects.set(objects).is_ok());
        let registry = Registry::new(store, kinds, Arc::<Security>::clone(&security));
        Self {
            security,
            registry,
            _folder: folder,
        }
    }

    async fn put(&self, group: &str, resource: &str, object: Value) {
        let namespace = object["metadata"]["namespace"].as_str();
        let name = object["metadata"]["name"].as_str().unwrap();
        let write = Write {
            key: Key::new(&GroupResource::new(group, resource), namespace, name),
            expect: Expect::Any,
            change: Change::Put(object),
            durability: Durability::Full,
        };
        self.registry.store().write(write).await.unwrap();
    }

    async fn bind(&self, user: &str, rules: Value) {
        let rbac = "rbac.authorization.k8s.io";
        let role = json!({"metadata": {"name": user}, "rules": rules});
        self.put(rbac, "clusterroles", role).await;
        let binding = json!({"metadata": {"name": user}, "roleRef": {"kind": "ClusterRole", "name": user},
            "subjects": [{"kind": "User", "name": user}]});
        self.put(rbac, "clusterrolebindings", binding).await;
    }

    fn may(&self, user: &User, path: &str) -> Result<(), ApiError> {
        let target = path::parse(&Method::GET, path, &Query::parse(""))?;
        self.security.authorize(user, &Method::GET, &target)
    }
}

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        groups: vec!["system:authenticated".to_owned()],
        ..User::anonymous()
    }
}

#[tokio::test]
async fn a_binding_counts_from_the_moment_it_is_stored_until_it_is_changed() {
    let scene = Scene::new();
    let jane = user("jane");
    let uri = "/api/v1/namespaces/shop/configmaps";
    assert_eq!(scene.may(&jane, uri).unwrap_err().code, 403);
    scene
        .bind(
            "jane",
            json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["configmaps"]}]),
        )
        .await;
    assert_eq!(scene.may(&jane, uri), Ok(()));
    assert_eq!(
        scene
            .may(&jane, "/api/v1/namespaces/shop/configmaps/x")
            .unwrap_err()
            .code,
        403
    );
    scene.bind("jane", json!([])).await;
    assert_eq!(scene.may(&jane, uri).unwrap_err().code, 403);
}

#[tokio::test]
async fn who_is_acted_as_is_who_is_authorised() {
    let scene = Scene::new();
    let token = scene
        .security
        .tokens()
        .add("root", "", &["system:masters"])
        .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(scene.security.authenticate(&headers, None).unwrap().name, "root");
    headers.insert("impersonate-user", "jane".parse().unwrap());
    assert_eq!(scene.security.authenticate(&headers, None).unwrap().name, "jane");
    headers.insert("authorization", "Bearer wrong".parse().unwrap());
    assert_eq!(scene.security.authenticate(&headers, None).unwrap_err().code, 401);
}

#[tokio::test]
async fn who_am_i_is_answered_in_the_version_that_is_asked_for() {
    let scene = Scene::new();
    for version in ["v1", "v1beta1"] {
        let path = format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
        let Target::Resource(request) = path::parse(&Method::POST, &path, &Query::parse("")).unwrap() else {
            unreachable!("it is a resource");
        };
        assert!(scene.security.knows(&request));
        let answer = scene.security.answer(&user("jane"), &request, json!({})).unwrap();
        assert_eq!(answer["apiVersion"], format!("authentication.k8s.io/{version}"));
        assert_eq!(answer["status"]["userInfo"]["username"], "jane");
    }
}

#[tokio::test]
async fn a_service_account_gets_a_token_that_ends_with_it() {
    let scene = Scene::new();
    let account = json!({"metadata": {"name": "builder", "namespace": "shop", "uid": "u1"}});
    scene.put("", "serviceaccounts", account).await;
    let method = Method::POST;
    let path = "/api/v1/namespaces/shop/serviceaccounts/builder/token";
    let Target::Resource(request) = path::parse(&method, path, &Query::parse("")).unwrap() else {
        unreachable!("it is a resource");
    };
    assert!(scene.security.knows(&request));
    let answer = scene
        .security
        .answer(&user("x"), &request, json!({"spec": {}}))
        .unwrap();
    assert_eq!(answer["status"]["expirationTimestamp"], "2027-01-15T09:00:00Z");
    let token = answer["status"]["token"].as_str().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let found = scene.security.authenticate(&headers, None).unwrap();
    assert_eq!(found.name, "system:serviceaccount:shop:builder");
    let short = scene
        .security
        .answer(&user("x"), &request, json!({"spec": {"expirationSeconds": 5}}))
        .unwrap_err();
    assert_eq!(short.code, 422);
    let again = json!({"metadata": {"name": "builder", "namespace": "shop", "uid": "u2"}});
    scene.put("", "serviceaccounts", again).await;
    assert_eq!(scene.security.authenticate(&headers, None).unwrap_err().code, 401);
}

#[tokio::test]
async fn a_role_wider_than_its_writer_is_refused() {
    let scene = Scene::new();
    scene
        .bind(
            "jane",
            json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}]),
        )
        .await;
    let table = scene.registry.kinds().snapshot();
    let kind = table
        .resource("rbac.authorization.k8s.io", "v1", "roles")
        .unwrap();
    let role = |verbs: Value| {
        json!({"metadata": {"name": "r", "namespace": "shop"},
            "rules": [{"verbs": verbs, "apiGroups": [""], "resources": ["configmaps"]}]})
    };
    let jane = user("jane");
    for (verbs, code) in [(json!(["get"]), None), (json!(["get", "delete"]), Some(403))] {
        let object = role(verbs);
        let write = Admitted {
            kind,
            part: Part::Whole,
            operation: "CREATE",
            namespace: Some("shop"),
            name: "r",
            object: Some(&object),
            old: None,
            user: &jane,
            dry_run: false,
        };
        let outcome = scene.security.admit(write).await;
        assert_eq!(outcome.err().map(|error| error.code), code);
    }
}

#[tokio::test]
async fn a_webhook_that_cannot_be_asked_stops_writes_of_its_resources() {
    let scene = Scene::new();
    let table = scene.registry.kinds().snapshot();
    let kind = table.resource("", "v1", "configmaps").unwrap();
    let configuration = json!({"metadata": {"name": "w"}, "webhooks": [{"name": "gate.example.dev",
        "clientConfig": {"url": "https://127.0.0.1:1/"}, "sideEffects": "None",
        "rules": [{"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}]}]});
    let object = json!({"metadata": {"name": "c", "namespace": "shop"}});
    let root = User::server();
    let write = Admitted {
        kind,
        part: Part::Whole,
        operation: "CREATE",
        namespace: Some("shop"),
        name: "c",
        object: Some(&object),
        old: None,
        user: &root,
        dry_run: false,
    };
    assert_eq!(scene.security.admit(write).await, Ok(vec![]));
    scene
        .put(
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            configuration,
        )
        .await;
    assert_eq!(scene.security.admit(write).await.unwrap_err().code, 500);
}
