//! What to say of a name that there is not.

use gitsm_check::nearest::nearest;

/// How many names are listed; more would hide the message.
const LISTED: usize = 10;

/// What follows the message: the name that was probably meant, or those that there are.
pub(crate) fn hint<'n>(typed: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(guess) = nearest(typed, known.iter().copied()) {
        return format!(": did you mean {guess}?");
    }
    match known.len() {
        0 => "; there are none".to_owned(),
        count if count <= LISTED => format!("; there are {}", known.join(", ")),
        count => format!("; there are {count}"),
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_hint_is_short() {
        assert_eq!(hint("prd", ["staging", "prod"]), ": did you mean prod?");
        assert_eq!(
            hint("live", ["staging", "prod", "prod"]),
            "; there are prod, staging"
        );
        assert_eq!(hint("live", []), "; there are none");
        let many: Vec<_> = (0..11).map(|number| format!("environment-{number}")).collect();
        assert_eq!(hint("live", many.iter().map(String::as_str)), "; there are 11");
    }
}
