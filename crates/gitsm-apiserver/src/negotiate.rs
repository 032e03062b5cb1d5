//! Content negotiation: which representation a client accepts, and what a body is written in.
//!
//! The order of preference, quirks included, is that of the real server (its `goautoneg` and
//! `endpoints/handlers/negotiation`). Answers are never protobuf: such alternatives are passed over.

use crate::error::ApiError;
use crate::request::PatchKind;

/// `application/json`.
pub const JSON: &str = "application/json";
/// `application/yaml`.
pub const YAML: &str = "application/yaml";
/// `application/vnd.kubernetes.protobuf`, taken for some request bodies.
pub const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What the real server lists as acceptable, whether or not the resource at hand has all of them.
const MEDIA_TYPES: [&str; 3] = [JSON, YAML, PROTOBUF];
const STREAM_MEDIA_TYPES: [&str; 2] = [
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

impl Format {
    /// The header `Content-Type` of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Yaml => YAML,
        }
    }
}

/// The version of `meta.k8s.io` in which a Table or metadata is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetaVersion {
    /// `meta.k8s.io/v1`.
    V1,
    /// `meta.k8s.io/v1beta1`.
    V1beta1,
}

impl MetaVersion {
    /// The `apiVersion` of such objects.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// What of an object or list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Shape {
    /// The objects themselves.
    #[default]
    Plain,
    /// A `Table` of cells, as `kubectl get` prints.
    Table(MetaVersion),
    /// The metadata of one object, or of each event's object.
    Metadata(MetaVersion),
    /// The metadata of each object of a list.
    MetadataList(MetaVersion),
}

/// What a client accepts as the answer to a request for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Accepted {
    /// How it is written.
    pub format: Format,
    /// What is shown.
    pub shape: Shape,
    /// Whether it is indented for people.
    pub pretty: bool,
}

impl Accepted {
    /// A text that is equal for equal representations: the key of memoised encodings of watch events.
    pub fn memo_key(self) -> &'static str {
        match (self.format, self.shape) {
            (Format::Json, Shape::Plain) => "json",
            (Format::Yaml, Shape::Plain) => "yaml",
            (_, Shape::Table(MetaVersion::V1)) => "table/v1",
            (_, Shape::Table(MetaVersion::V1beta1)) => "table/v1beta1",
            (_, Shape::Metadata(MetaVersion::V1)) => "metadata/v1",
            (_, Shape::Metadata(MetaVersion::V1beta1)) => "metadata/v1beta1",
            (_, Shape::MetadataList(MetaVersion::V1)) => "metadata-list/v1",
            (_, Shape::MetadataList(MetaVersion::V1beta1)) => "metadata-list/v1beta1",
        }
    }
}

/// What a client accepts as the answer to `/api` or `/apis`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// The list of groups or versions alone.
    Legacy(Format),
    /// Everything at once, `apidiscovery.k8s.io/v2` or v2beta1.
    Aggregated {
        /// Whether v2beta1 is wanted.
        beta: bool,
    },
}

/// Negotiates the answer to a request for a resource that is no watch.
///
/// # Errors
/// 406.
pub fn resource(accept: Option<&str>) -> Result<Accepted, ApiError> {
    negotiate(accept).ok_or_else(|| ApiError::not_acceptable(&MEDIA_TYPES))
}

/// Negotiates the events of a watch, which are JSON always.
///
/// # Errors
/// 406.
pub fn watch(accept: Option<&str>) -> Result<Accepted, ApiError> {
    let accepted = negotiate(accept).ok_or_else(|| ApiError::not_acceptable(&MEDIA_TYPES))?;
    if accepted.format == Format::Json {
        Ok(accepted)
    } else {
        Err(ApiError::not_acceptable(&STREAM_MEDIA_TYPES))
    }
}

fn negotiate(accept: Option<&str>) -> Option<Accepted> {
    let accept = accept.unwrap_or_default();
    if accept.is_empty() {
        return Some(Accepted::default());
    }
    clauses(accept).iter().find_map(|clause| {
        let format = clause.format()?;
        clause.allows_stream_and_version().then_some(())?;
        let shape = match clause.target() {
            None => Shape::Plain,
            Some(("meta.k8s.io", version, kind)) => {
                let version = match version {
                    "v1" => MetaVersion::V1,
                    "v1beta1" => MetaVersion::V1beta1,
                    _ => return None,
                };
                match kind {
                    "Table" => Shape::Table(version),
                    "PartialObjectMetadata" => Shape::Metadata(version),
                    "PartialObjectMetadataList" => Shape::MetadataList(version),
                    _ => return None,
                }
            }
            Some(_) => return None,
        };
        Some(Accepted {
            format,
            shape,
            pretty: clause.parameter("pretty") == Some("1"),
        })
    })
}

/// Negotiates the answer to `/api` and `/apis`.
///
/// # Errors
/// 406.
pub fn discovery(accept: Option<&str>) -> Result<Discovery, ApiError> {
    let aggregated = clauses(accept.unwrap_or_default()).iter().find_map(|clause| {
        // A clause without aggregation is not the end of the search: upstream looks for any that has it first.
        (clause.format()? == Format::Json).then_some(())?;
        match clause.target()? {
            ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList") => Some(false),
            ("apidiscovery.k8s.io", "v2beta1", "APIGroupDiscoveryList") => Some(true),
            _ => None,
        }
    });
    match aggregated {
        Some(beta) => Ok(Discovery::Aggregated { beta }),
        None => document(accept).map(Discovery::Legacy),
    }
}

/// Negotiates the answer to anything that has no other shape: single groups, resource lists, Status objects.
///
/// # Errors
/// 406.
pub fn document(accept: Option<&str>) -> Result<Format, ApiError> {
    let accept = accept.unwrap_or_default();
    if accept.is_empty() {
        return Ok(Format::Json);
    }
    clauses(accept)
        .iter()
        .filter(|clause| clause.target().is_none() && clause.allows_stream())
        .find_map(Clause::format)
        .ok_or_else(|| ApiError::not_acceptable(&MEDIA_TYPES))
}

/// How an error is written: as the client likes, and JSON where it accepts nothing that there is.
pub fn error_format(accept: Option<&str>) -> Format {
    negotiate(accept).map_or(Format::Json, |accepted| accepted.format)
}

/// The first of some media types that the client accepts: its index. Without a wish it is the first.
pub fn first_of(accept: Option<&str>, types: &[&str]) -> Option<usize> {
    let accept = accept.unwrap_or_default();
    if accept.is_empty() {
        return (!types.is_empty()).then_some(0);
    }
    clauses(accept).iter().find_map(|clause| {
        types.iter().position(|known| {
            let (ty, subtype) = known.split_once('/').unwrap_or((known, ""));
            clause.covers(ty, subtype)
        })
    })
}

/// What a request body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// JSON; also where nothing is said.
    Json,
    /// YAML.
    Yaml,
    /// The protobuf envelope of Kubernetes.
    Protobuf,
}

/// What the body of a create, update or delete request is written in.
///
/// # Errors
/// 415.
pub fn body(content_type: Option<&str>) -> Result<BodyFormat, ApiError> {
    match media_type(content_type.unwrap_or_default()).as_deref() {
        Some("" | JSON) => Ok(BodyFormat::Json),
        Some(YAML) => Ok(BodyFormat::Yaml),
        Some(PROTOBUF) => Ok(BodyFormat::Protobuf),
        _ => Err(ApiError::unsupported_media_type(&MEDIA_TYPES)),
    }
}

/// What kind of patch a body is. Strategic patches are for built-in kinds only.
///
/// # Errors
/// 415, also where nothing is said.
pub fn patch(content_type: Option<&str>, strategic: bool) -> Result<PatchKind, ApiError> {
    const JSON_PATCH: &str = "application/json-patch+json";
    const MERGE_PATCH: &str = "application/merge-patch+json";
    const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
    const APPLY_PATCH: &str = "application/apply-patch+yaml";
    let content_type = content_type.unwrap_or_default();
    // Upstream compares the text before the first semicolon as it is, case included.
    match content_type.split(';').next().unwrap_or_default() {
        JSON_PATCH => Ok(PatchKind::Json),
        MERGE_PATCH => Ok(PatchKind::Merge),
        STRATEGIC_PATCH if strategic => Ok(PatchKind::Strategic),
        APPLY_PATCH => Ok(PatchKind::Apply),
        _ if strategic => Err(ApiError::unsupported_media_type(&[
            JSON_PATCH,
            MERGE_PATCH,
            STRATEGIC_PATCH,
            APPLY_PATCH,
        ])),
        _ => Err(ApiError::unsupported_media_type(&[
            JSON_PATCH,
            MERGE_PATCH,
            APPLY_PATCH,
        ])),
    }
}

/// The media type without its parameters, in lower case; `None` where a parameter is malformed.
fn media_type(header: &str) -> Option<String> {
    let mut parts = header.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    parts
        .all(|parameter| parameter.trim().is_empty() || parameter.contains('='))
        .then_some(name)
}

/// One clause of an `Accept` header: `application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9`.
#[derive(Debug, Clone, PartialEq)]
struct Clause<'a> {
    ty: &'a str,
    subtype: &'a str,
    quality: f64,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Clause<'_> {
    fn covers(&self, ty: &str, subtype: &str) -> bool {
        (self.ty == ty && (self.subtype == subtype || self.subtype == "*"))
            || (self.ty == "*" && self.subtype == "*")
    }

    fn format(&self) -> Option<Format> {
        if self.covers("application", "json") {
            Some(Format::Json)
        } else if self.covers("application", "yaml") {
            Some(Format::Yaml)
        } else {
            None
        }
    }

    /// The last value of a parameter.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().rev();
        values.find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Group, version and kind that the answer is to be converted to, where any of them is named.
    fn target(&self) -> Option<(&str, &str, &str)> {
        let (group, version, kind) = (self.parameter("g"), self.parameter("v"), self.parameter("as"));
        group.or(version).or(kind)?;
        Some((
            group.unwrap_or_default(),
            version.unwrap_or_default(),
            kind.unwrap_or_default(),
        ))
    }

    fn allows_stream(&self) -> bool {
        matches!(self.parameter("stream"), None | Some("watch"))
    }

    fn allows_stream_and_version(&self) -> bool {
        // Yaml cannot be streamed, so that it may not be asked for with the parameter.
        let stream = match self.parameter("stream") {
            None => true,
            Some(stream) => stream == "watch" && self.format() == Some(Format::Json),
        };
        stream && matches!(self.parameter("sv"), None | Some("v1"))
    }
}

/// More clauses than any client sends; the rest of a longer header is not looked at.
const MAX_CLAUSES: usize = 64;

/// The clauses of a header, the preferred first.
fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = header.split(',').filter_map(clause).take(MAX_CLAUSES).collect();
    // Upstream's comparison contradicts itself (a wildcard yields to any exact type, whatever their qualities), so
    // the outcome depends on how it sorts: by insertion.
    for end in 1..clauses.len() {
        let mut at = end;
        while at > 0 && precedes(&clauses[at], &clauses[at - 1]) {
            clauses.swap(at, at - 1);
            at -= 1;
        }
    }
    clauses
}

fn precedes(a: &Clause<'_>, b: &Clause<'_>) -> bool {
    a.quality > b.quality || (a.ty != "*" && b.ty == "*") || (a.subtype != "*" && b.subtype == "*")
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let mut parts = text.split(';');
    let range = parts.next()?.trim_matches(' ');
    let (ty, subtype) = match range.split_once('/') {
        Some((ty, subtype)) if !subtype.is_empty() => (ty, subtype),
        _ if range.trim_end_matches('/').trim_matches(' ') == "*" => ("*", "*"),
        _ => return None,
    };
    if subtype.contains('/') {
        return None;
    }
    let mut found = Clause {
        ty: ty.trim_matches(' '),
        subtype: subtype.trim_matches(' '),
        quality: 1.0,
        parameters: Vec::new(),
    };
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        if value.is_empty() || value.contains('=') {
            continue;
        }
        let name = name.trim_matches(' ');
        if name == "q" {
            let quality: f64 = value.trim_matches(' ').parse().unwrap_or(0.0);
            found.quality = if quality.is_nan() { 0.0 } else { quality };
        } else {
            found.parameters.push((name, value.trim_matches(' ')));
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    //! The expected answers were taken from apiextensions-apiserver 1.36.
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;

    /// What kubectl sends with `get`.
    const KUBECTL: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

    #[test]
    fn formats_are_negotiated_as_upstream() {
        use Format::{Json, Yaml};
        let cases = [
            (None, Some(Json)),
            (Some(""), Some(Json)),
            (Some("*/*"), Some(Json)),
            (Some("*"), Some(Json)),
            (Some("application/*"), Some(Json)),
            (Some("text/html,*/*;q=0.1"), Some(Json)),
            (Some("application/yaml"), Some(Yaml)),
            (Some("application/yaml;q=0.1,application/json;q=0.05"), Some(Yaml)),
            (Some("application/json;q=0.5,application/yaml"), Some(Yaml)),
            (Some("*/*,application/yaml;q=0.1"), Some(Yaml)),
            (Some("application/json;foo=bar"), Some(Json)),
            (Some("application/json;stream=watch"), Some(Json)),
            (Some("application/json;sv=v1"), Some(Json)),
            (Some("application/json;q=0"), Some(Json)),
            (
                Some("application/vnd.kubernetes.protobuf,application/json;q=0.3"),
                Some(Json),
            ),
            (Some("application/json;stream=foo"), None),
            (Some("application/json;as=Table"), None),
            (Some("application/json;as=Foo;v=v1;g=meta.k8s.io"), None),
            (Some("application/json;as=Table;v=v2;g=meta.k8s.io"), None),
            (Some("APPLICATION/JSON"), None),
            (Some("application/json/x"), None),
            (Some("application/vnd.kubernetes.protobuf"), None),
            (Some("application/cbor"), None),
            (Some("text/plain"), None),
            (Some(","), None),
        ];
        for (accept, expected) in cases {
            assert_eq!(
                resource(accept).ok().map(|accepted| accepted.format),
                expected,
                "{accept:?}"
            );
        }
        let error = resource(Some("text/plain")).unwrap_err();
        assert_eq!(
            error.message,
            "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        );
        assert_eq!(error.code, 406);
        assert_eq!(error_format(Some("text/plain")), Json);
        assert_eq!(error_format(Some("application/yaml")), Yaml);
        assert!(resource(Some("application/json;pretty=1")).unwrap().pretty);
    }

    #[test]
    fn shapes_are_negotiated() {
        let shape = |accept| resource(Some(accept)).unwrap().shape;
        assert_eq!(shape(KUBECTL), Shape::Table(MetaVersion::V1));
        assert_eq!(
            shape("application/json; as=Table; v=v1beta1; g=meta.k8s.io"),
            Shape::Table(MetaVersion::V1beta1)
        );
        assert_eq!(
            shape("application/json;as=Foo;v=v1;g=x,application/json"),
            Shape::Plain
        );
        let partial = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
        assert_eq!(shape(partial), Shape::Metadata(MetaVersion::V1));
        assert_eq!(
            shape("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
            Shape::MetadataList(MetaVersion::V1)
        );
    }

    #[test]
    fn watches_are_json() {
        assert_eq!(watch(Some(KUBECTL)).unwrap().shape, Shape::Table(MetaVersion::V1));
        let error = watch(Some("application/yaml")).unwrap_err();
        assert_eq!(
            error.message,
            "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
        );
        assert!(watch(Some("text/plain")).is_err());
    }

    #[test]
    fn discovery_is_aggregated_where_asked_for() {
        let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
        let kubectl = format!("{v2},{beta},application/json");
        assert_eq!(
            discovery(Some(&kubectl)).unwrap(),
            Discovery::Aggregated { beta: false }
        );
        let old = format!("{beta},application/json");
        assert_eq!(
            discovery(Some(&old)).unwrap(),
            Discovery::Aggregated { beta: true }
        );
        assert_eq!(
            discovery(Some("application/yaml")).unwrap(),
            Discovery::Legacy(Format::Yaml)
        );
        assert_eq!(discovery(None).unwrap(), Discovery::Legacy(Format::Json));
        assert_eq!(document(Some(v2)).unwrap_err().code, 406);
        let future = "application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json";
        assert_eq!(discovery(Some(future)).unwrap(), Discovery::Legacy(Format::Json));
    }

    #[test]
    fn bodies_are_told_by_their_content_type() {
        assert_eq!(body(None).unwrap(), BodyFormat::Json);
        assert_eq!(
            body(Some("APPLICATION/JSON; charset=utf-8")).unwrap(),
            BodyFormat::Json
        );
        assert_eq!(body(Some("application/yaml")).unwrap(), BodyFormat::Yaml);
        assert_eq!(
            body(Some("application/vnd.kubernetes.protobuf")).unwrap(),
            BodyFormat::Protobuf
        );
        assert_eq!(body(Some("application/json; x")).unwrap_err().code, 415);
        assert_eq!(
            body(Some("text/plain")).unwrap_err().message,
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        );
    }

    #[test]
    fn patches_are_told_by_their_content_type() {
        assert_eq!(
            patch(Some("application/merge-patch+json; charset=utf-8"), false).unwrap(),
            PatchKind::Merge
        );
        assert_eq!(
            patch(Some("application/apply-patch+yaml"), false).unwrap(),
            PatchKind::Apply
        );
        assert_eq!(
            patch(Some("application/json-patch+json"), false).unwrap(),
            PatchKind::Json
        );
        assert_eq!(
            patch(Some("application/strategic-merge-patch+json"), true).unwrap(),
            PatchKind::Strategic
        );
        for refused in [
            None,
            Some("application/json"),
            Some("Application/merge-patch+json"),
            Some("application/strategic-merge-patch+json"),
        ] {
            assert_eq!(
                patch(refused, false).unwrap_err().message,
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
            );
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(accept in "\\PC*|[a-z*/;=,. q0-9]*") {
            let _ = resource(Some(&accept));
            let _ = discovery(Some(&accept));
            let _ = body(Some(&accept));
            let _ = first_of(Some(&accept), &[JSON, YAML]);
        }
    }
}
