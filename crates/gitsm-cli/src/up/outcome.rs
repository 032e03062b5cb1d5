//! What a start prints: five lines about what runs, and before them whatever is out of the ordinary.

use crate::up::apply::{Applied, Problem};
use crate::up::data::{DataFolder, shell_word};
use crate::up::source::{Source, short};
use std::fmt::Write as _;

/// Objects whose problems are printed one by one.
const SHOWN: usize = 20;

/// The five lines.
pub(crate) struct Outcome<'a> {
    /// The server and where it is.
    pub(crate) server: String,
    /// The kubeconfig, where it is not the one in use already.
    pub(crate) data: &'a DataFolder,
    /// Whether the server is in a data folder, and not the cluster of the user's own kubeconfig.
    pub(crate) is_embedded: bool,
    /// The context, of a cluster.
    pub(crate) context: Option<&'a str>,
    /// How it is stopped.
    pub(crate) stop: &'a str,
    /// The estate, with what came of it.
    pub(crate) estate: Option<(&'a Source, &'a Applied)>,
}

impl Outcome<'_> {
    /// As text.
    pub(crate) fn text(&self) -> String {
        let estate = match self.estate {
            Some((source, applied)) => {
                let branch = source
                    .branch
                    .as_ref()
                    .map_or_else(String::new, |branch| format!(" ({branch})"));
                format!(
                    "{} of commit {}{branch} in {}: {}",
                    objects(applied.total()),
                    short(&source.commit),
                    source.repository.display(),
                    numbers(applied)
                )
            }
            None => "none; the definitions are there, to be used with kubectl".to_owned(),
        };
        let change = match self.estate {
            Some((source, _)) => source.how_to_change(self.data),
            None => format!(
                "gitsm up{} DIR applies the estate in a folder",
                self.data.option()
            ),
        };
        let connect = match (self.is_embedded, self.context) {
            (true, _) => format!("export KUBECONFIG={}", shell_word(&self.data.kubeconfig())),
            (false, Some(context)) => format!("kubectl config use-context {}", shell_word(context.as_ref())),
            (false, None) => "kubectl cluster-info".to_owned(),
        };
        format!(
            "Server   {}; {}\nEstate   {estate}\nConnect  {connect}\nLook     kubectl get gitsm -A\nChange   {change}\n",
            self.server, self.stop
        )
    }
}

/// `159 objects`.
fn objects(number: usize) -> String {
    format!("{number} object{}", if number == 1 { "" } else { "s" })
}

/// `3 created, 156 unchanged`.
fn numbers(applied: &Applied) -> String {
    let parts: Vec<String> = [
        (applied.created, "created"),
        (applied.changed, "changed"),
        (applied.unchanged, "unchanged"),
        (applied.problems.len(), "not applied"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    if parts.is_empty() {
        "nothing to apply".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What was not applied, and what to do about it; empty if everything was.
pub(crate) fn problems(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems.iter().take(SHOWN) {
        let message = problem.message.trim_end().replace('\n', "\n  ");
        let _ = writeln!(text, "not applied: {}\n  {message}", problem.what);
    }
    if problems.len() > SHOWN {
        let _ = writeln!(text, "... and {} more", problems.len() - SHOWN);
    }
    if problems.iter().any(|problem| problem.is_conflict) {
        text.push_str(
            "Somebody else has set fields that the estate sets too. To set them to what the estate says, start again \
             with --force-conflicts; to leave them, take them out of the estate.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(number: usize, is_conflict: bool) -> Problem {
        Problem {
            what: format!("Team/team-{number} (teams.yaml:{number})"),
            message: "Apply failed with 1 conflict: conflict with \"jane\":\n- .spec.displayName".to_owned(),
            is_conflict,
        }
    }

    #[test]
    fn conflicts_come_with_what_to_do() {
        let text = problems(&[problem(1, true)]);
        assert!(
            text.starts_with("not applied: Team/team-1 (teams.yaml:1)\n  Apply failed"),
            "{text}"
        );
        assert!(text.contains("\n  - .spec.displayName\n"), "{text}");
        assert!(text.contains("--force-conflicts"), "{text}");
        assert!(!problems(&[problem(1, false)]).contains("--force-conflicts"));
        assert_eq!(problems(&[]), "");
    }

    #[test]
    fn a_hundred_problems_are_not_a_hundred_paragraphs() {
        let all: Vec<Problem> = (0..100).map(|number| problem(number, false)).collect();
        let text = problems(&all);
        assert_eq!(text.matches("not applied:").count(), SHOWN);
        assert!(text.ends_with("... and 80 more\n"), "{text}");
    }

    #[test]
    fn only_numbers_that_say_something_are_printed() {
        let applied = Applied {
            created: 1,
            unchanged: 2,
            ..Applied::default()
        };
        assert_eq!(numbers(&applied), "1 created, 2 unchanged");
        assert_eq!(numbers(&Applied::default()), "nothing to apply");
        assert_eq!(objects(1), "1 object");
    }
}
