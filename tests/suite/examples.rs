//! The example company and the library of policies hold on every day, not only on the one they were written on.

use crate::support::{gitsm, root};

#[test]
fn the_example_company_is_clean_for_twenty_years() {
    for year in (2027..2047).step_by(2) {
        // Different seasons, hours and sides of New Year, the end of February in leap years among them.
        let moment = [
            "01-01T00:00:00Z",
            "02-28T23:59:59Z",
            "06-30T12:00:00Z",
            "12-31T23:59:59Z",
        ][year / 2 % 4];
        let at = format!("--at={year}-{moment}");
        let run = gitsm(
            root(),
            &[
                "validate",
                "--fail-on=note",
                "--color=never",
                &at,
                "examples/acme",
            ],
        );
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{at}: {run}");
        assert!(run.stdout.starts_with("Found no problems in 1"), "{at}: {run}");
    }
}

#[test]
fn the_policies_hold_their_own_cases() {
    let run = gitsm(root(), &["policy", "test", "policies"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert!(run.stdout.starts_with("ok: "), "{run}");
}
