//! Change windows: when changes may start.

mod vocabulary;

pub use vocabulary::{ChangeWindowType, Overrun, WindowDefault, WindowFit, WindowOverridePhase, WindowState};
