//! GS406: a time zone that does not exist.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS406",
    name: "unknown-time-zone",
    level: Level::Error,
    summary: "A time zone that does not exist",
    explanation: "Every local time needs a zone from the IANA database, such as `Europe/Berlin`. A name that is not there \
cannot be guessed at: other tools fall back to UTC without a word, and a freeze begins hours late. \
Abbreviations such as `CET` do not say which daylight saving rules hold.",
    bad: "",
    good: "",
};
