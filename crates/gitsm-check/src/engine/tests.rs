//! Runs over small estates in memory: what holds for a run as a whole.

use super::*;
use crate::diagnostic::Level;
use crate::input::MemoryInput;

const TEAM: &str =
    "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Team 7\n";

fn options() -> Options {
    Options {
        at: "2027-01-01T00:00:00Z".parse().unwrap(),
        limits: Limits::default(),
        jobs: 1,
        list_judged: false,
        only: Vec::new(),
        policies: Vec::new(),
    }
}

fn files(files: &[(&str, &str)]) -> MemoryInput {
    files
        .iter()
        .fold(MemoryInput::new(), |input, (name, text)| input.with(name, *text))
}

/// Rule and level of each finding of a run.
fn judge(estate: &[(&str, &str)]) -> Vec<(String, Level)> {
    judge_with(estate, &Config::default())
}

fn judge_with(estate: &[(&str, &str)], config: &Config) -> Vec<(String, Level)> {
    let report = run(&files(estate), config, &KindSet::new(), &options()).unwrap();
    rules_of(&report)
}

fn judge_range(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<(String, Level)> {
    let report = run_range(
        &files(base),
        &files(head),
        &Config::default(),
        &KindSet::new(),
        &options(),
    );
    rules_of(&report.unwrap())
}

fn rules_of(report: &Report) -> Vec<(String, Level)> {
    let findings = report.findings.iter();
    findings
        .map(|finding| (finding.rule.to_string(), finding.level))
        .collect()
}

/// A policy about the names of teams.
fn policy(expression: &str, action: &str) -> String {
    format!(
        "apiVersion: gitsm.dev/v1alpha1\nkind: RecordPolicy\nmetadata:\n  name: names\nspec:\n  match:\n    kinds: [Team]\n  rules:\n    - id: no-numbers\n      expression: {expression:?}\n      message: no numbers\n      action: {action}\n"
    )
}

const NO_NUMBERS: &str = "!object.spec.displayName.matches('[0-9]')";

fn denied() -> Vec<(String, Level)> {
    vec![("GS501/names/no-numbers".to_owned(), Level::Error)]
}

#[test]
fn a_range_cannot_weaken_the_policy_it_is_judged_by() {
    let deny = policy(NO_NUMBERS, "Deny");
    let base = [("p.yaml", deny.as_str())];
    let warn = policy(NO_NUMBERS, "Warn");
    let anything = policy("true", "Deny");
    let elsewhere = deny.replace("[Team]", "[Team]\n    labels: {team: none}");
    for head_policy in [&deny, &warn, &anything, &elsewhere] {
        let head = [("p.yaml", head_policy.as_str()), ("t.yaml", TEAM)];
        assert_eq!(judge_range(&base, &head), denied(), "{head_policy}");
    }
    assert_eq!(
        judge_range(&base, &[("t.yaml", TEAM)]),
        denied(),
        "the policy is gone"
    );
}

#[test]
fn a_range_is_judged_by_the_policies_it_adds_and_tightens() {
    let deny = policy(NO_NUMBERS, "Deny");
    let warn = policy(NO_NUMBERS, "Warn");
    let head = [("p.yaml", deny.as_str()), ("t.yaml", TEAM)];
    assert_eq!(judge_range(&[], &head), denied());
    assert_eq!(judge_range(&[("p.yaml", &warn)], &head), denied());
}

#[test]
fn a_breach_that_was_there_before_is_not_introduced_again_by_touching_its_policy() {
    let (deny, warn) = (policy(NO_NUMBERS, "Deny"), policy(NO_NUMBERS, "Warn"));
    let base = [("p.yaml", deny.as_str()), ("t.yaml", TEAM)];
    let head = [("p.yaml", warn.as_str()), ("t.yaml", TEAM)];
    assert_eq!(judge_range(&base, &head), []);
}

#[test]
fn a_denying_rule_that_cannot_be_evaluated_cannot_be_turned_off() {
    let policy = policy("object.spec.parent != ''", "Deny");
    let allowed = format!("# gitsm: allow GS502 because\n{TEAM}");
    let estate = [("p.yaml", policy.as_str()), ("t.yaml", &allowed)];
    Config::from_value(&serde_json::json!({"levels": {"GS502": "off"}})).unwrap_err();
    let off = serde_json::json!({"levels": {"GS501": "off", "GS501/names/no-numbers": "off"}});
    let config = Config::from_value(&off).unwrap();
    let expected = [
        ("GS503".to_owned(), Level::Warning),
        ("GS502/names/no-numbers".to_owned(), Level::Error),
    ];
    assert_eq!(judge_with(&estate, &config), expected);
}

#[test]
fn objects_without_a_name_are_not_the_same_object() {
    let nameless = TEAM.replace("name: payments", "labels: {a: b}");
    let estate = [("a.yaml", nameless.as_str()), ("b.yaml", &nameless)];
    let invalid = ("GS208".to_owned(), Level::Error);
    assert_eq!(judge(&estate), [invalid.clone(), invalid]);
}

#[test]
fn a_resource_cannot_hide_behind_an_encoding() {
    let escaped = TEAM
        .replace("apiVersion: gitsm", "apiVersion: \"git\\x73m")
        .replace("v1alpha1", "v1alpha1\"");
    assert_ne!(
        judge(&[("a.yaml", &escaped.replace("kind: Team", "kind: Taem"))]),
        []
    );
    let wide: Vec<u8> = TEAM.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let input = MemoryInput::new().with("a.yaml", wide);
    let report = run(&input, &Config::default(), &KindSet::new(), &options()).unwrap();
    assert!(report.reaches(Level::Error), "{:?}", report.findings);
}

#[test]
fn a_policy_is_found_however_its_kind_is_written_and_whatever_else_it_holds() {
    let plain = policy(NO_NUMBERS, "Deny");
    let escaped = plain.replace("RecordPolicy", "\"Record\\x50olicy\"");
    assert_eq!(judge(&[("p.yaml", &escaped), ("t.yaml", TEAM)]), denied());
    let with_items = format!("{plain}items: []\n");
    let found = judge(&[("p.yaml", &with_items), ("t.yaml", TEAM)]);
    assert!(found.contains(&denied()[0]), "{found:?}");
}

#[test]
fn a_long_list_is_not_parsed_for_each_of_its_objects() {
    let items: String = (0..1500)
        .map(|number| {
            format!("- {{apiVersion: gitsm.dev/v1alpha1, kind: Team, metadata: {{name: t{number}}}, spec: {{displayName: X}}}}\n")
        })
        .collect();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{items}");
    let started = std::time::Instant::now();
    assert_eq!(judge_range(&[("l.yaml", &list)], &[("l.yaml", &list)]), []);
    // It takes a second in an unoptimised build; parsing for each object took a minute.
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn a_policy_among_the_files_of_another_tool_has_no_say() {
    let deny = policy(NO_NUMBERS, "Deny");
    let estate = [
        ("c/Chart.yaml", ""),
        ("c/templates/p.yaml", deny.as_str()),
        ("t.yaml", TEAM),
    ];
    assert_eq!(judge(&estate), []);
}

#[test]
fn settings_hold_for_comments_without_effect_too() {
    let text = format!("# gitsm: allow GS402 because\n{TEAM}");
    let config = Config::from_value(&serde_json::json!({"levels": {"GS503": "off"}})).unwrap();
    assert_eq!(judge_with(&[("t.yaml", &text)], &config), []);
    assert_eq!(
        judge(&[("t.yaml", &text)]),
        [("GS503".to_owned(), Level::Warning)]
    );
}

#[test]
fn a_value_that_cannot_be_evaluated_is_not_repeated() {
    let policy = policy("int(object.spec.displayName) > 1", "Deny");
    let report = run(
        &files(&[
            ("p.yaml", &policy),
            ("t.yaml", &TEAM.replace("Team 7", "hunter'2")),
        ]),
        &Config::default(),
        &KindSet::new(),
        &options(),
    );
    let findings = report.unwrap().findings;
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .message
            .ends_with("type conversion error from string '...'"),
        "{}",
        findings[0].message
    );
}

#[test]
fn a_list_without_a_list_of_items_is_counted() {
    let list = "apiVersion: gitsm.dev/v1alpha1\nkind: TeamList\nitems: {a: b}\n";
    let input = files(&[("l.yaml", list), ("t.yaml", TEAM)]);
    let report = run(&input, &Config::default(), &KindSet::new(), &options()).unwrap();
    assert_eq!(report.summary.skipped.len(), 1, "{:?}", report.summary.skipped);
}
