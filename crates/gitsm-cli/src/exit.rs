//! Exit codes, and how an error that ended a run is told.

use std::io::Write as _;
use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything is as it should be.
    Clean,
    /// There are findings, or differences, that the caller asked to be told about.
    Findings,
}

/// The run could not be done; nothing is said about what it would have found.
const COULD_NOT_RUN: u8 = 2;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
        }
    }
}

/// Tells why a run could not be done, the most general cause first, and gives the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // A reader that has seen enough (`gitsm validate | head`) is no failure of ours.
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let mut stderr = anstream::stderr().lock();
    let bold = anstyle::AnsiColor::Red.on_default().bold();
    // Nothing is left to do when standard error itself cannot be written.
    let _ = writeln!(stderr, "{bold}error{bold:#}: {error:#}");
    ExitCode::from(COULD_NOT_RUN)
}

/// Whether somebody closed the other end of the pipe that was written to.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
