//! The same commands on the embedded and on the real servers: what kubectl prints must be the same.

use super::tool::{self, ONE, Session, WIDGETS};
use gitsm_testkit::{Real, tier};
use regex::Regex;

/// A command, and what it reads.
struct Step {
    command: Vec<String>,
    input: Option<String>,
}

fn step(command: &str) -> Step {
    Step {
        command: command.split_whitespace().map(str::to_owned).collect(),
        input: None,
    }
}

fn with(command: &str, input: &str) -> Step {
    Step {
        input: Some(input.to_owned()),
        ..step(command)
    }
}

fn patch(options: &str, patch: &str) -> Step {
    let mut step = step(&format!("patch {options} -p"));
    step.command.push(patch.to_owned());
    step
}

/// Everything that a session on custom resources and plain built-in kinds may come to.
fn steps() -> Vec<Step> {
    let wrong = ONE
        .replace(
            "title: first",
            "level: medium, title: much longer than twenty characters",
        )
        .replace("replicas: 1", "replicas: 11")
        .replace("[a, b]", "[a, a]");
    let conflict = ONE
        .replace("first", "third")
        .replace("replicas: 1", "replicas: 7");
    let misspelt = ONE.replace("title: first", "title: first, levle: high");
    let unmet = ONE.replace("replicas: 1", "level: high");
    vec![
        with("create -f -", WIDGETS),
        step("wait --for condition=Established crd/widgets.matrix.example.com --timeout 30s"),
        with("create -f -", &ONE.replace("first", "zeroth")),
        step("get wd"),
        step("get wd -o wide --show-labels"),
        step("get wd one -o yaml"),
        step("get wd -o custom-columns=N:.metadata.name,T:.spec.tags"),
        step("describe wd one"),
        with("replace -f -", ONE),
        with("create -f -", ONE),
        with("create -f -", &wrong),
        with("create -f -", &unmet.replace("name: one", "name: two")),
        with(
            "create --validate=strict -f -",
            &misspelt.replace("name: one", "name: two"),
        ),
        with(
            "create --validate=warn -f -",
            &misspelt.replace("name: one", "name: warned"),
        ),
        with("apply --server-side -f -", ONE),
        with("apply --server-side --field-manager=other -f -", &conflict),
        with(
            "apply --server-side --field-manager=other --force-conflicts -f -",
            &conflict,
        ),
        with("apply --server-side -f -", &misspelt),
        step("get wd one -o jsonpath={.metadata.managedFields}"),
        patch("wd one --type=merge", r#"{"spec":{"title":"patched"}}"#),
        patch(
            "wd one --type=json",
            r#"[{"op":"add","path":"/spec/tags/-","value":"c"}]"#,
        ),
        patch(
            "wd one --type=json",
            r#"[{"op":"test","path":"/spec/title","value":"x"}]"#,
        ),
        patch("wd one --type=json", r#"[{"op":"remove","path":"/spec/absent"}]"#),
        patch("wd one --type=strategic", r#"{"spec":{"title":"x"}}"#),
        patch(
            "wd one --type=merge",
            r#"{"spec":{"replicas":-1,"tags":["a","a"]}}"#,
        ),
        patch(
            "wd one --type=merge --subresource=status",
            r#"{"status":{"phase":"Ready"}}"#,
        ),
        step("label wd one a=b"),
        step("label wd one a=c"),
        step("label wd one a=-c --overwrite"),
        step("annotate wd one note=x"),
        step("scale wd one --replicas=4"),
        step("scale wd one --replicas=40"),
        step("wait wd/one --for jsonpath={.status.phase}=Ready --timeout 30s"),
        step("get wd one -o yaml"),
        step("get wd -l a=b -o name"),
        step("get wd --field-selector metadata.name=one -o name"),
        step("get wd --field-selector spec.title=x"),
        step("get wd nope"),
        patch(
            "wd one --type=merge",
            r#"{"metadata":{"finalizers":["nodomain"]}}"#,
        ),
        patch(
            "wd one --type=merge",
            r#"{"metadata":{"finalizers":["example.com/x"]}}"#,
        ),
        step("delete wd one --wait=false"),
        patch(
            "wd one --type=merge",
            r#"{"metadata":{"finalizers":["example.com/x","example.com/y"]}}"#,
        ),
        patch("wd one --type=merge", r#"{"metadata":{"finalizers":null}}"#),
        step("wait wd/one --for delete --timeout 30s"),
        step("delete wd one"),
        step("create configmap c --from-literal=a=b"),
        step("create configmap c"),
        step("create configmap Bad"),
        step("get cm c -o jsonpath={.data}"),
        patch("cm c", r#"{"data":{"a":"c"}}"#),
        step("create secret generic s --from-literal=a=b"),
        step("get secret s"),
        step("describe secret s"),
        step("create secret docker-registry d --docker-username=u --docker-password=p"),
        step("create ns team"),
        step("get ns team -o jsonpath={.status.phase}"),
        step("create configmap c -n nowhere"),
        step("create role r --verb=get --resource=configmaps"),
        step("create rolebinding r --role=r --user=jane"),
        step("describe rolebinding r"),
        step("auth can-i get cm --as jane"),
        step("auth can-i delete cm --as jane"),
        step("get secrets --as jane"),
        step("delete ns team"),
        step("delete ns default"),
        step("delete crd widgets.matrix.example.com"),
    ]
}

#[tokio::test]
async fn kubectl_prints_the_same_of_the_embedded_and_of_the_real_server() {
    let name = "kubectl_prints_the_same_of_the_embedded_and_of_the_real_server";
    if tier::skips_real(name) || tool::skips(name) {
        return;
    }
    let real = Real::start().await.unwrap();
    let embedded = std::thread::spawn(tool::start).join().unwrap();
    // The oldest writes JSON to the server only, the newest also Protocol Buffers.
    let kubectls = tool::found();
    let mut differences = Vec::new();
    for kubectl in [&kubectls[0], &kubectls[kubectls.len() - 1]] {
        let sessions = [Session::new(kubectl, &embedded), Session::new(kubectl, &real)];
        for step in steps() {
            let [ours, theirs] = sessions.each_ref().map(|session| run(session, &step));
            if ours != theirs {
                differences.push(format!(
                    "kubectl 1.{} {}\n--- embedded\n{ours}\n--- real\n{theirs}",
                    kubectl.minor,
                    step.command.join(" ")
                ));
            }
        }
        clean(&sessions);
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n\n")
    );
}

/// Takes away what is left of a round.
fn clean(sessions: &[Session]) {
    for session in sessions {
        session.ok("delete cm/c secret/s secret/d role/r rolebinding/r");
    }
}

fn run(session: &Session, step: &Step) -> String {
    let command: Vec<&str> = step.command.iter().map(String::as_str).collect();
    let ran = match &step.input {
        Some(input) => session.feed(&command, input),
        None => session.run(&command, &[]),
    };
    normal(&format!("{}\n{}{}", ran.code, ran.stdout, ran.stderr))
}

/// Without what differs from run to run.
fn normal(text: &str) -> String {
    let replaced = [
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "UID",
        ),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"(?i)(resource ?version:? *\W*)\d+", "${1}REVISION"),
        (r"\b\d+s\b", "AGE"),
        (r" +", " "),
    ];
    let mut text = text.to_owned();
    for (pattern, by) in replaced {
        text = Regex::new(pattern).unwrap().replace_all(&text, by).into_owned();
    }
    text
}
