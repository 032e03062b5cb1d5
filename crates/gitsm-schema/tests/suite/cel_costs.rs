//! What rules cost at most, as the API server estimates it.

use crate::cel_vectors::structural;
use crate::known::{Tally, Vector, Verdict, read_lines};
use gitsm_schema::cel::cost::{self, RuleCosts};
use serde_json::Value as Json;

/// What was recorded about one rule.
struct Recorded {
    max_cost: u64,
    max_cardinality: u64,
    message: u64,
    uses_old_self: bool,
}

impl Recorded {
    fn read(result: &Json) -> Self {
        let number = |name: &str| result[name].as_u64().unwrap_or(0);
        Self {
            max_cost: number("maxCost"),
            max_cardinality: number("maxCardinality"),
            message: number("messageMaxCost"),
            uses_old_self: result["usesOldSelf"] == true,
        }
    }
}

/// Whether two costs differ by at most a tenth of the recorded one.
fn within_a_tenth(own: u64, recorded: u64) -> bool {
    own.abs_diff(recorded) <= recorded / 10
}

fn judge(own: RuleCosts, own_cardinality: u64, recorded: &Recorded) -> Verdict {
    if recorded.max_cost == 0 && own.rule != 0 {
        return Verdict::Differs(format!("costs {}; recorded as free or refused", own.rule));
    }
    let costs_agree =
        within_a_tenth(own.rule, recorded.max_cost) && within_a_tenth(own.message, recorded.message);
    let repeats_agree = within_a_tenth(own_cardinality, recorded.max_cardinality);
    if costs_agree && repeats_agree && own.uses_old_self == recorded.uses_old_self {
        return Verdict::Agrees;
    }
    Verdict::Differs(format!(
        "{own:?}, {own_cardinality} times; recorded: {}, message {}, {} times, old {}",
        recorded.max_cost, recorded.message, recorded.max_cardinality, recorded.uses_old_self
    ))
}

#[test]
fn rules_cost_what_the_api_server_estimates() {
    let Some(vectors) = read_lines("cel-compile.jsonl") else {
        return;
    };
    let mut tally = Tally::new("cel-cost", include_str!("known/cel-cost.txt"));
    let (mut equal, mut total) = (0, 0);
    for Vector { key, data } in vectors {
        let schema = structural(&data["schema"]);
        let results = data["results"].as_array().cloned().unwrap_or_default();
        let costs = cost::of_node(&schema, true);
        for (position, result) in results.iter().enumerate() {
            let rule = &schema.extensions.validations[position];
            let message = rule.message_expression.as_deref().unwrap_or_default();
            // A rule that was refused has no cost; `test()` exists only in the tests of Kubernetes.
            if result["error"].is_string() || rule.rule.contains("test()") || message.contains("test()") {
                continue;
            }
            let recorded = Recorded::read(result);
            let verdict = match &costs {
                Some(node) => {
                    let own = node.rules[position];
                    total += 1;
                    equal += usize::from(
                        (own.rule, own.message, node.max_cardinality)
                            == (recorded.max_cost, recorded.message, recorded.max_cardinality),
                    );
                    judge(own, node.max_cardinality, &recorded)
                }
                None => Verdict::Refused("expressions cannot see the data".to_owned()),
            };
            tally.count(&format!("{key}-{position}"), &rule.rule, verdict);
        }
    }
    eprintln!("cel-cost: {equal} of {total} are exactly equal");
    tally.finish(800);
}
