//! GS417: a calendar that cannot be used.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use crate::engine::rulebook::Rulebook;
use gitsm_core::calendar::CalendarProblem;
use gitsm_core::ident::BusinessCalendarName;
use gitsm_schema::Path;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS417",
    name: "unusable-calendar",
    level: Level::Error,
    summary: "A business calendar has no hours, or hours that overlap",
    explanation: "Hours that overlap on one day, a date that stands twice, or no hours at all, inherited ones \
included: whoever needs such a calendar takes it for closed, so that service level clocks do not count and windows \
that exclude its holidays do not open.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: BusinessCalendar
metadata:
  name: office
spec:
  timeZone: Europe/Berlin
  weekly:
    - days: [Monday, Tuesday, Wednesday, Thursday, Friday]
      from: \"09:00\"
      to: \"12:30\"
    - days: [Friday]
      from: \"12:00\"
      to: \"15:00\"
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
kind: BusinessCalendar
metadata:
  name: office
spec:
  timeZone: Europe/Berlin
  weekly:
    - days: [Monday, Tuesday, Wednesday, Thursday, Friday]
      from: \"09:00\"
      to: \"12:30\"
    - days: [Friday]
      from: \"13:00\"
      to: \"15:00\"
",
};

/// Joins the calendar with what it inherits and reports what stands in the way.
pub(crate) fn check(subject: &Subject<'_>, rulebook: &Rulebook, findings: &mut Vec<Finding>) {
    let Ok(name) = subject.id.name.parse::<BusinessCalendarName>() else {
        return;
    };
    let spec = Path::root().field("spec");
    let path = match rulebook.calendars().resolve(&name) {
        Err(CalendarProblem::Invalid {
            name: invalid,
            message,
        }) if invalid == name => {
            let field = message
                .split([':', ','])
                .next()
                .and_then(|field| field.strip_prefix("spec."));
            let path = field.map_or_else(|| spec.clone(), |field| spec.field(field));
            Some((path, message))
        }
        Err(problem @ CalendarProblem::NoHours { .. }) => Some((spec.field("weekly"), problem.to_string())),
        // Circles, and calendars that are missing or wrong themselves, are reported where they are.
        Err(_) | Ok(_) => None,
    };
    if let Some((path, message)) = path {
        findings.push(subject.place.finding(&META, &path, message));
    }
}
