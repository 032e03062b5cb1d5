//! GS411: a window that cannot be understood.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use crate::engine::rulebook::Rulebook;
use gitsm_api::domain::change_window;
use gitsm_api::v1alpha1::ChangeWindowSpec;
use gitsm_core::ident::WindowId;
use gitsm_core::window::Window;
use gitsm_schema::Path;
use serde::Deserialize as _;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS411",
    name: "unreadable-window",
    level: Level::Error,
    summary: "A recurrence, RRULE or cron expression cannot be understood",
    explanation: "A window whose dates cannot be understood does not disappear: a freeze counts as active for \
everything it may select, a maintenance window never opens. RRULE and cron are accepted for import, in the part \
that can be translated without loss: FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH and UNTIL of RFC 5545, and the five fields of \
POSIX cron.",
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
    rrule: FREQ=WEEKLY;BYDAY=SA;COUNT=10
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
    rrule: FREQ=WEEKLY;BYDAY=SA
    start: \"22:00\"
    duration: 4h
",
};

/// Reads the window and reports what in it cannot be understood, at its field.
pub(crate) fn check(
    subject: &Subject<'_>,
    rulebook: &Rulebook,
    findings: &mut Vec<Finding>,
) -> Option<Window> {
    let spec = ChangeWindowSpec::deserialize(subject.value.get("spec")?).ok()?;
    let id: WindowId = format!("{}/{}", subject.id.namespace, subject.id.name)
        .parse()
        .ok()?;
    match change_window::window(id, &spec, rulebook.calendars()) {
        Ok(window) => Some(window),
        // What is wrong with a calendar, or that it is missing, is reported there.
        Err(problem) if problem.path.ends_with(".exceptHolidaysOf") => None,
        Err(problem) => {
            let path = problem
                .path
                .split('.')
                .fold(Path::root(), |path, field| path.field(field));
            let finding = subject
                .place
                .finding(&META, &path, format!("{path}: {}", problem.problem));
            findings.push(finding);
            None
        }
    }
}
