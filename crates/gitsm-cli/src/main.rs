//! The `gitsm` binary; see the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    gitsm_cli::main()
}
