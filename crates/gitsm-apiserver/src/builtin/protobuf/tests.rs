//! Bodies that kubectl 1.33 sent to a real server, and hostile ones.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use proptest::prelude::*;

/// The body that kubectl sent for what was typed.
fn captured(typed: &str) -> Vec<u8> {
    let line = include_str!("captured.txt")
        .lines()
        .find_map(|line| line.strip_prefix(typed)?.trim().strip_prefix('|'))
        .unwrap();
    let digits = line.trim().as_bytes();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The object as it is after being read as its kind.
fn object(typed: &str) -> Value {
    let mut object = decode(&captured(typed)).unwrap();
    let (version, kind) = (
        object["apiVersion"].as_str().unwrap(),
        object["kind"].as_str().unwrap(),
    );
    let ty = types::find(wanted(version, kind).unwrap()).unwrap();
    super::super::read::read(ty, &mut object).unwrap();
    object
}

#[test]
fn what_kubectl_creates_is_read() {
    let rbac = "rbac.authorization.k8s.io";
    for (typed, expected) in [
        (
            "create namespace cap-ns",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cap-ns"}, "spec": {}, "status": {}}),
        ),
        (
            "create configmap cap-cm",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cap-cm", "namespace": "cap-ns"},
                   "data": {"a": "1", "b": "multi\nline"}}),
        ),
        (
            "create secret generic cap-s",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cap-s", "namespace": "cap-ns"},
                   "data": {"k": "dg=="}}),
        ),
        (
            "create serviceaccount cap-sa",
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "cap-sa", "namespace": "cap-ns"}}),
        ),
        (
            "create role cap-r",
            json!({"apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": {"name": "cap-r", "namespace": "cap-ns"},
                   "rules": [{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["x"], "verbs": ["get", "list"]}]}),
        ),
        (
            "create rolebinding cap-rb",
            json!({"apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding",
            "metadata": {"name": "cap-rb", "namespace": "cap-ns"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "cap-r"},
            "subjects": [
                {"apiGroup": rbac, "kind": "User", "name": "u"},
                {"kind": "ServiceAccount", "name": "cap-sa", "namespace": "cap-ns"},
            ]}),
        ),
        (
            "create clusterrole cap-cr",
            json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": {"name": "cap-cr"},
                   "rules": [{"nonResourceURLs": ["/x"], "verbs": ["get"]}]}),
        ),
        (
            "create clusterrolebinding cap-crb",
            json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "cap-crb"},
                   "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "cap-cr"},
                   "subjects": [{"apiGroup": rbac, "kind": "Group", "name": "g"}]}),
        ),
    ] {
        assert_eq!(object(typed), expected, "{typed}");
    }
    let binary = object("create configmap cap-bin");
    assert_eq!(binary["binaryData"], json!({"data": "//4="}));
}

#[test]
fn what_kubectl_asks_is_read() {
    let review = object("auth can-i get pods");
    assert_eq!(
        review["spec"]["resourceAttributes"],
        json!({"namespace": "cap-ns", "verb": "get", "resource": "pods"})
    );
    let review = object("auth can-i get /healthz");
    assert_eq!(
        review["spec"]["nonResourceAttributes"],
        json!({"verb": "get", "path": "/healthz"})
    );
    let review = object("auth can-i --list");
    assert_eq!(review["spec"], json!({"namespace": "cap-ns"}));
    assert_eq!(object("auth whoami")["kind"], "SelfSubjectReview");
    let token = object("create token cap-sa");
    assert_eq!(token["spec"]["expirationSeconds"], 3600);
    assert_eq!(token["spec"]["audiences"], json!(["x"]));
}

#[test]
fn workloads_are_sent_as_json() {
    let error = decode(&captured("create deployment d")).unwrap_err();
    assert_eq!((error.code, error.reason), (415, "UnsupportedMediaType"));
    assert!(error.message.contains("kubectl apply"), "{error}");
}

#[test]
fn every_kind_that_is_taken_has_a_type() {
    for (_, _, ty) in TAKEN {
        assert!(types::find(ty).is_some(), "{ty}");
    }
    assert!(types::find("meta.v1.DeleteOptions").is_some());
}

/// A message around `raw`.
fn envelope(version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length > 0x7f {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend_from_slice(bytes);
        out
    };
    let names = [field(1, version.as_bytes()), field(2, kind.as_bytes())].concat();
    [MAGIC.to_vec(), field(1, &names), field(2, raw)].concat()
}

#[test]
fn options_are_read_in_any_version() {
    // gracePeriodSeconds 5, propagationPolicy Orphan
    let raw = [0x08, 0x05, 0x22, 0x06, b'O', b'r', b'p', b'h', b'a', b'n'];
    let options = decode(&envelope("gitsm.dev/v1alpha1", "DeleteOptions", &raw)).unwrap();
    assert_eq!(options["gracePeriodSeconds"], 5);
    assert_eq!(options["propagationPolicy"], "Orphan");
}

#[test]
fn instants_and_negative_numbers_are_read() {
    // metadata { deletionGracePeriodSeconds -1, creationTimestamp { seconds 0 } }, eventTime { seconds 1, nanos 500000000 }
    let metadata = [
        0x42, 0x02, 0x08, 0x00, 0x50, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
    ];
    let mut raw = vec![0x0a, u8::try_from(metadata.len()).unwrap()];
    raw.extend_from_slice(&metadata);
    raw.extend_from_slice(&[0x52, 0x08, 0x08, 0x01, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
    let event = decode(&envelope("v1", "Event", &raw)).unwrap();
    assert_eq!(event["metadata"]["deletionGracePeriodSeconds"], -1);
    assert_eq!(event["metadata"]["creationTimestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(event["eventTime"], "1970-01-01T00:00:01.500000Z");
}

#[test]
fn what_is_no_message_is_a_bad_request() {
    for body in [
        &b""[..],
        b"{}",
        b"k8s\0\xff",
        // A length beyond the end.
        b"k8s\0\x0a\xff\xff\xff\xff\x0f",
        b"k8s\0\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        // Field 0, a group, a number of eleven bytes.
        b"k8s\0\x02\x00",
        b"k8s\0\x0b",
        b"k8s\0\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    ] {
        assert_eq!(decode(body).unwrap_err().code, 400, "{body:?}");
    }
    // A number where a message belongs.
    let wrong = envelope("v1", "ConfigMap", &[0x08, 0x01]);
    assert_eq!(decode(&wrong).unwrap_err().code, 400);
}

#[test]
fn every_truncation_is_answered() {
    for typed in [
        "create rolebinding cap-rb",
        "auth can-i get pods",
        "create token cap-sa",
    ] {
        let body = captured(typed);
        for end in 0..body.len() {
            let _ = decode(&body[..end]);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..TAKEN.len()) {
        let (version, kind, _) = TAKEN[kind];
        let _ = decode(&envelope(version, kind, &raw));
        let _ = decode(&[MAGIC, &raw].concat());
    }

    #[test]
    fn no_change_of_a_byte_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = captured("create rolebinding cap-rb");
        let at = at.index(body.len());
        body[at] = byte;
        let _ = decode(&body);
    }
}
