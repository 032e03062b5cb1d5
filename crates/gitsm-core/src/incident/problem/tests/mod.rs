//! Tests of problems.

mod finding;
mod machine;

use crate::incident::tests::{at, reread, with};
