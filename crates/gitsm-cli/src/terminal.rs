//! What the terminal can show.

use anyhow::Context as _;
use clap::ValueEnum;
use std::io::{IsTerminal as _, Write as _};

/// Writes an answer, whole or not at all as far as that is ours to say.
///
/// # Errors
///
/// When standard output takes no more: a full disk, or a reader that has gone.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether standard output gets colour.
    pub(crate) fn for_stdout(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                wanted && std::io::stdout().is_terminal()
            }
        }
    }
}

/// How far something is, in one line of a terminal; nothing where standard error is none.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    total: usize,
    done: usize,
    is_shown: bool,
}

impl Progress {
    /// Begins; `what` comes before the numbers.
    pub(crate) fn new(what: &str, total: usize) -> Self {
        Self {
            what: what.to_owned(),
            total,
            done: 0,
            is_shown: std::io::stderr().is_terminal(),
        }
    }

    /// One more is done.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.is_shown {
            // A terminal that is gone is no reason to stop.
            let _ = write!(
                std::io::stderr().lock(),
                "\r{} {} of {}",
                self.what,
                self.done,
                self.total
            );
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
