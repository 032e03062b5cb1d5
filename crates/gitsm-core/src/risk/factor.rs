//! The factors of the likelihood: for each kind, a value from 0 (good) to 1000 (worst), where it comes from, and
//! what would make it known. Fractions are rounded up, towards the worse side.

use super::facts::{AnswerOrigin, RiskFacts, TestFact, TestResult, WindowLeft};
use super::policy::{Factor, Question};
use super::{RiskFactorKind, WORST};
use crate::ident::FieldName;
use crate::vocabulary::BackoutKind;
use serde::{Deserialize, Serialize};

/// One factor of the likelihood, as it was computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactorResult {
    /// Name of the factor in the policy.
    pub name: FieldName,
    /// What it is computed from.
    pub kind: RiskFactorKind,
    /// Its value in thousandths, 0 (good) to 1000 (worst).
    pub value_permille: u32,
    /// Its weight in points.
    pub weight: u32,
    /// Its part of the likelihood, in thousandths, rounded down.
    pub contribution_permille: u32,
    /// Where the value comes from, in words.
    pub source: String,
    /// Whether the value was not known, so that the worst was assumed.
    pub assumed: bool,
    /// What would make it known, where it was assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// A value with its source.
pub(super) struct Value {
    pub(super) permille: u32,
    pub(super) source: String,
    pub(super) assumed: bool,
}

/// Largest number of changed lines for each value, in half decades: what counts is how many times larger one
/// change is than another, not by how many lines. More lines than the last step are the worst.
const DIFF_STEPS: &[(u64, u32)] = &[
    (10, 0),
    (30, 150),
    (100, 300),
    (300, 500),
    (1_000, 700),
    (3_000, 850),
];

/// What a proof adds nothing to when gitsm has not seen it: the author's word alone.
const STATED_TEST: u32 = 300;

/// What is added where the way back was not tried.
const UNTESTED_BACKOUT: u32 = 100;

/// What one incident of priority 1 and one of priority 2 count.
const INSTABILITY: (u32, u32) = (500, 250);

/// The value of a factor.
pub(super) fn value(factor: &Factor, facts: &RiskFacts) -> Value {
    let computed = match factor.kind {
        RiskFactorKind::ModelFailure => model_failure(facts),
        RiskFactorKind::TeamScore => team_score(facts),
        RiskFactorKind::DiffSize => diff_size(facts),
        RiskFactorKind::Novelty => novelty(facts),
        RiskFactorKind::MissingTests => facts.tests.as_deref().map(missing_tests),
        RiskFactorKind::Backout => backout(facts),
        RiskFactorKind::TimePressure => time_pressure(facts),
        RiskFactorKind::Instability => instability(facts),
        RiskFactorKind::ErrorBudget => error_budget(facts),
        RiskFactorKind::ConcurrentChanges => concurrent_changes(facts),
        RiskFactorKind::Question => Some(answer(factor, facts)),
    };
    computed.unwrap_or_else(|| Value {
        permille: WORST,
        source: "not known, the worst is assumed".to_owned(),
        assumed: true,
    })
}

/// What makes the value of a factor known.
pub(super) fn remedy(factor: &Factor) -> String {
    match factor.kind {
        RiskFactorKind::ModelFailure | RiskFactorKind::TeamScore | RiskFactorKind::Novelty => {
            "give the records of earlier changes".to_owned()
        }
        RiskFactorKind::DiffSize => "give the number of changed lines".to_owned(),
        RiskFactorKind::MissingTests => "give the results of the check runs named in spec.testEvidence".to_owned(),
        RiskFactorKind::Backout => "write spec.backout of the change".to_owned(),
        RiskFactorKind::TimePressure => {
            "write spec.plan of the change with start, duration and backoutDuration, or give the window that is left"
                .to_owned()
        }
        RiskFactorKind::Instability => "give the records of incidents".to_owned(),
        RiskFactorKind::ErrorBudget => "give the share of the error budget that is used up".to_owned(),
        RiskFactorKind::ConcurrentChanges => {
            "give the records of changes and write spec.plan of the change with start and duration".to_owned()
        }
        RiskFactorKind::Question => match &factor.question {
            None => format!("ask a question of the name {} in the risk policy", factor.name),
            Some(question) => {
                let answers: Vec<_> = question.answers.iter().map(|known| format!("{:?}", known.answer.as_str())).collect();
                format!(
                    "answer in spec.riskAnswers.{}: {} ({})",
                    factor.name,
                    question.text,
                    answers.join(", ")
                )
            }
        },
    }
}

/// `part / whole` in thousandths, rounded up, at most 1000; 1000 where `whole` is zero.
fn permille(part: u64, whole: u64) -> u32 {
    if part >= whole {
        return WORST;
    }
    let value = (u128::from(part) * u128::from(WORST)).div_ceil(u128::from(whole));
    u32::try_from(value).unwrap_or(WORST)
}

fn known(permille: u32, source: String) -> Value {
    Value {
        permille: permille.min(WORST),
        source,
        assumed: false,
    }
}

/// `1 - (S + 1) / (N + 2)`, Laplace's rule of succession for the share of failures.
fn model_failure(facts: &RiskFacts) -> Option<Value> {
    let counts = facts.model_runs?;
    let value = permille(u64::from(counts.failed()) + 1, u64::from(counts.runs) + 2);
    Some(known(
        value,
        format!(
            "{} of {} changes of the model failed, smoothed",
            counts.failed(),
            counts.runs
        ),
    ))
}

fn team_score(facts: &RiskFacts) -> Option<Value> {
    let score = facts.team_score?;
    Some(known(
        score.value_permille(),
        format!(
            "{} points from {} changes of the team, smoothed",
            score.points, score.runs
        ),
    ))
}

fn diff_size(facts: &RiskFacts) -> Option<Value> {
    let lines = facts.diff_lines?;
    let value = DIFF_STEPS
        .iter()
        .find(|(most, _)| lines <= *most)
        .map_or(WORST, |(_, value)| *value);
    Some(known(value, format!("{lines} lines changed")))
}

/// `1 / (k + 1)` for `k` similar changes.
fn novelty(facts: &RiskFacts) -> Option<Value> {
    let similar = facts.similar_changes?;
    Some(known(
        permille(1, u64::from(similar) + 1),
        match similar {
            0 => "no change of this model succeeded on these items before".to_owned(),
            1 => "1 change of this model succeeded on these items before".to_owned(),
            count => format!("{count} changes of this model succeeded on these items before"),
        },
    ))
}

/// No proof, or one that failed: 1. A check that passed: 0. Only the author's word: 0.3. More proof is never worse
/// unless it failed.
fn missing_tests(tests: &[TestFact]) -> Value {
    let of = |wanted: TestResult| tests.iter().find(|test| test.result == wanted);
    let (permille, source, assumed) = if let Some(test) = of(TestResult::Failed) {
        (WORST, format!("{:?} did not pass", test.name.as_str()), false)
    } else if let Some(test) = of(TestResult::Unknown) {
        let source = format!(
            "whether {:?} passed is not known, the worst is assumed",
            test.name.as_str()
        );
        (WORST, source, true)
    } else if let Some(test) = of(TestResult::Passed) {
        (0, format!("{:?} passed", test.name.as_str()), false)
    } else if let Some(test) = of(TestResult::Stated) {
        let source = format!("{:?} is stated by the author and not checked", test.name.as_str());
        (STATED_TEST, source, false)
    } else {
        (WORST, "no test is named".to_owned(), false)
    };
    Value {
        permille,
        source,
        assumed,
    }
}

/// By itself 0, by a script 0.3, by hand 0.6, not at all 1; 0.1 more where the way back was not tried.
fn backout(facts: &RiskFacts) -> Option<Value> {
    let backout = facts.backout?;
    let (value, how) = match backout.kind {
        BackoutKind::GitRevert => (0, "taken back by reverting the merge"),
        BackoutKind::Rollout => (0, "taken back by rolling the workload back"),
        BackoutKind::Job => (300, "taken back by a Job"),
        BackoutKind::Manual => (600, "taken back by hand"),
        BackoutKind::None => return Some(known(WORST, "it cannot be taken back".to_owned())),
    };
    if backout.tested {
        Some(known(value, format!("{how}, tried")))
    } else {
        Some(known(value + UNTESTED_BACKOUT, format!("{how}, not tried")))
    }
}

/// `(duration + backout) / window left`.
fn time_pressure(facts: &RiskFacts) -> Option<Value> {
    match facts.window_left? {
        WindowLeft::Unlimited => Some(known(0, "no window limits it".to_owned())),
        WindowLeft::Seconds(0) => Some(known(WORST, "no window is open at the planned start".to_owned())),
        WindowLeft::Seconds(left) => {
            let needed = facts.time_needed?;
            Some(known(
                permille(needed.seconds(), left),
                format!(
                    "{} and {} to take it back, of {} minutes of window",
                    needed.duration,
                    needed.backout,
                    left / 60
                ),
            ))
        }
    }
}

/// Half for each incident of priority 1 and a quarter for each of priority 2, at most 1.
fn instability(facts: &RiskFacts) -> Option<Value> {
    let counts = facts.incidents?;
    let value = counts
        .p1
        .saturating_mul(INSTABILITY.0)
        .saturating_add(counts.p2.saturating_mul(INSTABILITY.1));
    Some(known(
        value,
        format!("{} P1 and {} P2 incidents over 30 days", counts.p1, counts.p2),
    ))
}

fn error_budget(facts: &RiskFacts) -> Option<Value> {
    let used = facts.error_budget_used_permille?;
    Some(known(
        used,
        format!("{}.{} % of the error budget is used up", used / 10, used % 10),
    ))
}

/// `c / (c + 1)` for `c` changes at the same time.
fn concurrent_changes(facts: &RiskFacts) -> Option<Value> {
    let count = facts.concurrent_changes?;
    Some(known(
        permille(u64::from(count), u64::from(count) + 1),
        match count {
            0 => "no other change at the same time".to_owned(),
            1 => "1 other change at the same time".to_owned(),
            count => format!("{count} other changes at the same time"),
        },
    ))
}

fn answer(factor: &Factor, facts: &RiskFacts) -> Value {
    let worst = factor.question.as_ref().map_or(WORST, Question::worst);
    let assumed = |source: String| Value {
        permille: worst,
        source,
        assumed: true,
    };
    let Some(question) = &factor.question else {
        return assumed("the policy asks no question of this name, the worst is assumed".to_owned());
    };
    let Some(given) = facts.answers.get(&factor.name) else {
        return assumed("not answered, the worst answer is assumed".to_owned());
    };
    let who = match given.from {
        AnswerOrigin::Author => "answered by the author",
        AnswerOrigin::Model => "answered by the model",
    };
    match question.value_of(&given.answer) {
        Some(permille) => Value {
            permille,
            source: format!("{who}: {:?}", given.answer.as_str()),
            assumed: false,
        },
        None => assumed(format!(
            "{who}: {:?}, which is none of the answers to choose from; the worst is assumed",
            given.answer.as_str()
        )),
    }
}
