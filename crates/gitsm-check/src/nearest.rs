//! Finds the name that was probably meant.

use strsim::damerau_levenshtein;

/// The name nearest to what was given, without regard to case, if it is near enough to be meant: one edit, and
/// another for every four characters.
///
/// What is given may be of any length; names of another length are passed over without a comparison, which would
/// take time and memory of both lengths multiplied.
pub fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let given = given.to_lowercase();
    let length = given.chars().count();
    names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let allowed = 1 + name.len() / 4;
            if lower.chars().count().abs_diff(length) > allowed {
                return None;
            }
            let distance = damerau_levenshtein(&lower, &given);
            (distance <= allowed).then_some((distance, name))
        })
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_forgiven() {
        assert_eq!(nearest("taem", ["Change", "Team"]), Some("Team"));
        assert_eq!(
            nearest("displayNmae", ["description", "displayName"]),
            Some("displayName")
        );
        assert_eq!(nearest("x", ["Change", "Team"]), None);
    }

    #[test]
    fn a_long_text_is_not_compared() {
        let long = "x".repeat(100_000_000);
        assert_eq!(nearest(&long, ["Change", "Team"]), None);
    }
}
