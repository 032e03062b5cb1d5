//! GS206: an update that a rule of the kind forbids.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS206",
    name: "forbidden-transition",
    level: Level::Error,
    summary: "An update that a rule of the kind forbids",
    explanation: "Some fields never change once they are set, and records move only along the transitions of their state \
machine. The rule compares the object with its version at `--base`; without `--base` it does not run. \
Where a field cannot change, make a new object.\n\n\
There is no example here: it takes two versions of one object, such as a `ServiceRequest` whose `spec.template` \
is not the one of the base.",
    bad: "",
    good: "",
};
