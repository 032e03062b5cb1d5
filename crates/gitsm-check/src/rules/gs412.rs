//! GS412: a window that never opens.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_core::time::Instant;
use gitsm_core::window::lint::{self, Finding as Lint};
use gitsm_core::window::recurrence::DatePattern;
use gitsm_core::window::{Recurrence, SEARCH_DAYS, Schedule, Window};
use gitsm_schema::Path;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS412",
    name: "window-never-opens",
    level: Level::Error,
    summary: "No occurrence of a window starts within five years",
    explanation: "A date that no month has, limits that exclude each other, or exceptions that leave nothing: a \
maintenance window that never opens holds its changes back for ever, and a freeze that never begins protects \
nothing. A window that had its time and is over is no fault.",
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

/// Reports a window that has no occurrence to come and never had one. A window that had its time is over, which is no
/// fault: what is right today must not become wrong by waiting.
pub(crate) fn check(subject: &Subject<'_>, window: &Window, at: Instant, findings: &mut Vec<Finding>) {
    let Schedule::Recurrence(recurrence) = &window.schedule else {
        return;
    };
    let never_opens = |at| lint::findings(window, at).contains(&Lint::NeverOpens);
    if !never_opens(at) || !never_opens(before_its_end(recurrence, at)) {
        return;
    }
    let path = Path::root().field("spec").field("recurrence");
    let message = format!("no occurrence starts within five years of {at}");
    let finding = subject.place.finding(&META, &path, message);
    findings.push(finding.with_hint("correct the dates, limits or exceptions"));
}

/// An instant five years before the last date that the recurrence allows, or before `at` if that is earlier.
fn before_its_end(recurrence: &Recurrence, at: Instant) -> Instant {
    let last_date = match recurrence.pattern() {
        DatePattern::Dates(dates) => Vec::from(dates.clone()).pop(),
        _ => None,
    };
    let ends = [recurrence.parts().until, last_date].into_iter().flatten();
    let last = ends.filter_map(|date| {
        let noon = date.date().at(12, 0, 0, 0).to_zoned(TimeZone::UTC).ok()?;
        Instant::try_from(noon.timestamp()).ok()
    });
    let years = SignedDuration::from_hours(24 * SEARCH_DAYS);
    last.min().map_or(at, |last| last.min(at)).plus(-years)
}
