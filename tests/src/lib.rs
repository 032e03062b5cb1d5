//! Nothing here: the tests live in `suite/`.
