//! `docs/reference/cli.md`: the help texts of all commands.

use super::markdown::NOTICE;
use clap::Command;
use gitsm_api::publish::GeneratedFile;
// Writing to a string does not fail.
use std::fmt::Write as _;

/// Columns of the help texts, whatever the terminal that generates them.
const WIDTH: usize = 100;

/// The reference of the command line.
pub(super) fn file() -> GeneratedFile {
    let mut command = gitsm_cli::command().term_width(WIDTH);
    command.build();
    let mut text =
        format!("{NOTICE}\n# The `gitsm` command\n\n`gitsm COMMAND --help` prints the same text.\n");
    add(&mut command, "gitsm", &mut text);
    GeneratedFile {
        path: "docs/reference/cli.md".to_owned(),
        content: text,
    }
}

/// Adds a command and those below it.
fn add(command: &mut Command, path: &str, text: &mut String) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    let _ = write!(text, "\n## {path}\n\n```text\n{}\n```\n", lines.join("\n"));
    for inner in command.get_subcommands_mut() {
        // clap adds `help` to every level by itself.
        if !inner.is_hide_set() && inner.get_name() != "help" {
            let path = format!("{path} {}", inner.get_name());
            add(inner, &path, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_section_within_the_width() {
        let content = file().content;
        for section in [
            "\n## gitsm validate\n",
            "\n## gitsm policy test\n",
            "\n## gitsm new\n",
        ] {
            assert_eq!(content.matches(section).count(), 1, "{section}");
        }
        assert!(!content.contains('\u{1b}'));
    }
}
