//! GS412: a window that never opens.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_core::time::Instant;
use gitsm_core::window::lint::{self, Finding as Lint};
use gitsm_core::window::{SEARCH_DAYS, Schedule, Window};
use gitsm_schema::Path;
use jiff::SignedDuration;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS412",
    name: "window-never-opens",
    level: Level::Error,
    summary: "No occurrence of a window starts within five years",
    explanation: "A date that no month has, limits that exclude each other, or exceptions that leave nothing: a \
maintenance window that never opens holds its changes back for ever, and a freeze that never begins protects \
nothing. A window that had its time and is over is only noted; remove it when nobody needs to look it up.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  tier: 2
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: weekend
  namespace: shop
spec:
  type: Maintenance
  timeZone: Europe/Berlin
  selector:
    services: [checkout]
  recurrence:
    monthDays: [31]
    months: [2, 4, 6]
    start: \"22:00\"
    duration: 4h
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  tier: 2
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: weekend
  namespace: shop
spec:
  type: Maintenance
  timeZone: Europe/Berlin
  selector:
    services: [checkout]
  recurrence:
    monthDays: [-1]
    months: [2, 4, 6]
    start: \"22:00\"
    duration: 4h
",
};

/// Reports a window without coming occurrences.
pub(crate) fn check(subject: &Subject<'_>, window: &Window, at: Instant, findings: &mut Vec<Finding>) {
    let never_opens = |at| lint::findings(window, at).contains(&Lint::NeverOpens);
    if !never_opens(at) {
        return;
    }
    let (field, over) = match &window.schedule {
        Schedule::Interval(_) => ("interval", true),
        Schedule::Recurrence(_) => {
            let years_ago = at.plus(-SignedDuration::from_hours(24 * SEARCH_DAYS));
            ("recurrence", !never_opens(years_ago))
        }
    };
    let path = Path::root().field("spec").field(field);
    let finding = if over {
        let mut finding =
            subject
                .place
                .finding(&META, &path, "the window is over: it does not open any more");
        finding.level = Level::Note;
        finding.with_hint("remove it when nobody needs to look it up; git keeps it")
    } else {
        let message = format!("no occurrence starts within five years of {at}");
        subject
            .place
            .finding(&META, &path, message)
            .with_hint("correct the dates, limits or exceptions")
    };
    findings.push(finding);
}
