//! `gitsm at REV ...`: a question about an older state of the estate.

use super::Question;
use crate::exit::Exit;
use crate::load::Asked;
use clap::Args;

/// Arguments of `gitsm at`.
#[derive(Debug, Args)]
#[command(
    after_help = "The estate is read from the object database: nothing is checked out, and the working tree may be dirty.
Decisions are taken for --at, which is now where it is not given. --estate counts from the current folder, as ever, and
may be gone from the working tree. The answer ends with the commit that was read; in JSON it is `revision`.

Examples:
  gitsm at HEAD~20 blast-radius payments-db
  gitsm at v2027.1 window explain checkout --at 2027-02-06T20:00:00Z
  gitsm at main@{yesterday} risk explain payments/payments-db-16"
)]
pub(crate) struct AtRevisionArgs {
    /// The revision: a commit, branch, tag, or anything else that git understands
    #[arg(value_name = "REV")]
    revision: String,

    #[command(subcommand)]
    question: Question,
}

/// Answers the question from the revision.
pub(crate) fn run(args: &AtRevisionArgs) -> anyhow::Result<Exit> {
    let asked = Asked {
        revision: Some(args.revision.clone()),
    };
    args.question.answer(&asked)
}
