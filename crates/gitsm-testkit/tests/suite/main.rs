//! The embedded server held against real ones.
