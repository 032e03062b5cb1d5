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
Abbreviations such as `CEST` or `PST` are no zones: they name an offset and not the place whose daylight saving \
rules hold. Case counts.",
    bad: r#"apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  reason: The accounts of the year are closed
  timeZone: Europe/Berln
  selector: {all: true}
  interval:
    start: "2027-12-20T00:00:00+01:00"
    end: "2028-01-02T00:00:00+01:00"
"#,
    good: r#"apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  reason: The accounts of the year are closed
  timeZone: Europe/Berlin
  selector: {all: true}
  interval:
    start: "2027-12-20T00:00:00+01:00"
    end: "2028-01-02T00:00:00+01:00"
"#,
};
