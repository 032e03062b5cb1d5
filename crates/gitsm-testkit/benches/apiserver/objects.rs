//! The objects: services of 1.8 kB, the same for every server.

use memchr::memmem;

const BYTES: usize = 1_800;
const WORDS: [&str; 12] = [
    "answers",
    "orders",
    "customers",
    "slowly",
    "queue",
    "database",
    "during",
    "release",
    "payment",
    "before",
    "storage",
    "evening",
];
/// Stands before the number of the last change.
const TURN: &[u8] = b" at turn ";

/// The name of an object.
pub(crate) fn name(number: usize) -> String {
    format!("service-{number:06}")
}

/// An object after its change number `turn`; `revision` where it replaces one.
pub(crate) fn service(namespace: &str, number: usize, turn: usize, revision: Option<u64>) -> String {
    let name = name(number);
    let revision = revision.map_or_else(String::new, |revision| {
        format!(r#","resourceVersion":"{revision}""#)
    });
    let head = format!(
        r#"{{"apiVersion":"gitsm.dev/v1alpha1","kind":"ITService","metadata":{{"name":"{name}","namespace":"{namespace}","labels":{{"domain":"{namespace}","cost-centre":"cc-{}"}}{revision}}},"spec":{{"displayName":"Service {number} at turn {turn}","description":""#,
        number % 900
    );
    let tail = format!(
        r##"","owner":"team-{:02}","support":"team-{:02}","tier":{},"state":"Production","environments":["staging","prod"],"dependsOn":[{{"ref":{{"name":"service-000000"}},"strength":"Hard"}},{{"ref":{{"name":"service-000001","namespace":"other"}},"strength":"Soft","environment":"prod"}}],"workloadSelectors":[{{"environment":"prod","labels":{{"app.kubernetes.io/name":"{name}","app.kubernetes.io/part-of":"{namespace}"}}}}],"sources":[{{"path":"deploy/{namespace}/{name}"}},{{"path":"charts/{name}","environment":"prod"}}],"slaPolicies":[{{"name":"gold"}}],"runbooks":[{{"name":"restart"}}],"calendar":"office","changeModel":"normal","dataClass":"internal","userFacing":true,"attestation":{{"every":"4320h","last":"2026-05-14T09:30:00+01:00"}},"contact":{{"email":"{namespace}@example.com","chat":"#{namespace}","url":"https://wiki.example.com/{namespace}/{name}"}}}}}}"##,
        number % 12,
        (number + 1) % 12,
        number % 4 + 1
    );
    let mut text = head;
    let mut word = number;
    while text.len() + tail.len() < BYTES {
        text.push_str(WORDS[word % WORDS.len()]);
        text.push(' ');
        // A step that shares no factor with the number of words visits them all.
        word += 5;
    }
    text.push_str(tail.as_str());
    text
}

/// The number after ` at turn `.
pub(crate) fn turn(json: &[u8]) -> Option<usize> {
    number_after(json, TURN).and_then(|number| usize::try_from(number).ok())
}

/// The object's revision.
pub(crate) fn revision(json: &[u8]) -> Option<u64> {
    number_after(json, br#""resourceVersion":""#)
}

fn number_after(json: &[u8], what: &[u8]) -> Option<u64> {
    let start = memmem::find(json, what)? + what.len();
    let digits = json.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number: u64, digit| {
        number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
    }))
}
