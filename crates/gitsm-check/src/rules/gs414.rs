//! GS414: a window that says something which has no effect, or not the one that is meant.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_core::time::Instant;
use gitsm_core::window::lint::{self, Finding as Lint};
use gitsm_core::window::{Schedule, Window};
use gitsm_schema::Path;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS414",
    name: "questionable-window",
    level: Level::Warning,
    summary: "A window is too short for its lead time, overlaps itself, or sets what has no effect",
    explanation: "New work must start `leadTime` before a window closes: in a window that is shorter than twice \
that, most of the time is lost. Occurrences that begin before the last one ended merge into one. A freeze holds \
everything back and reads neither `leadTime` nor `overrun`. And cron starts an occurrence when day of month OR day \
of week matches, where nearly everybody reads AND.",
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
  leadTime: 3h
  recurrence:
    days: [Saturday]
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
  leadTime: 30m
  recurrence:
    days: [Saturday]
    start: \"22:00\"
    duration: 4h
",
};

/// Reports what deserves a look.
pub(crate) fn check(subject: &Subject<'_>, window: &Window, at: Instant, findings: &mut Vec<Finding>) {
    let spec = || Path::root().field("spec");
    for lint in lint::findings(window, at) {
        let path = match lint {
            // An error of its own: GS412.
            Lint::NeverOpens => continue,
            Lint::ShortForLeadTime { .. } | Lint::LeadTimeOfFreeze => spec().field("leadTime"),
            Lint::OverrunOfFreeze => spec().field("overrun"),
            Lint::Overlaps { .. } => match window.schedule {
                Schedule::Recurrence(_) => spec().field("recurrence").field("duration"),
                Schedule::Interval(_) => spec().field("interval"),
            },
            Lint::CronDaysByOr => spec().field("recurrence").field("cron"),
        };
        findings.push(subject.place.finding(&META, &path, lint.to_string()));
    }
}
