//! From the wire types of `SLAPolicy` to the domain types of decisions, and from clocks to what a status shows.

use super::selectors::{Reach, service_selector};
use crate::estate::{DEFAULT_NAMESPACE, Estate};
use crate::v1alpha1::clock::{SlaClock, SlaPause};
use crate::v1alpha1::shared::SlaPolicyReference;
use crate::v1alpha1::{SLAPolicy, sla_policy as wire};
use gitsm_core::calendar::{Calendar, CalendarProblem, CalendarRules};
use gitsm_core::ident::{MemberId, NamespaceName, ServiceId, ServiceName, SlaPolicyId};
use gitsm_core::sla::{
    Clock, ConditionTexts, SlaMetric, SlaPolicy, SlaTimeZone, TargetMinutes, TargetPriority, Targets,
    ThresholdRule, TimedRecord, default_conditions,
};
use gitsm_core::time::ZoneName;
use gitsm_core::vocabulary::TimedKind;
use gitsm_core::{Text, ValueError};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most pauses that a status shows.
const MAX_PAUSES: usize = 50;

/// Why an `SLAPolicy` cannot time anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlaPolicyError {
    /// It has no name, or none that a policy can have.
    #[error("metadata: {0}")]
    Name(ValueError),
    /// It writes no conditions, and its metric has none of its own for its kind of record.
    #[error(
        "spec.conditions: the metric {metric} has no conditions of its own for records of kind {kind}; write them"
    )]
    Conditions {
        /// The metric.
        metric: SlaMetric,
        /// The kind of record.
        kind: TimedKind,
    },
    /// A target is none.
    #[error("spec.targets: {0}")]
    Target(ValueError),
    /// Two targets are for one priority.
    #[error("spec.targets: there are two targets for the priority {0}")]
    Twice(TargetPriority),
}

impl TryFrom<&SLAPolicy> for SlaPolicy {
    type Error = SlaPolicyError;

    fn try_from(object: &SLAPolicy) -> Result<Self, Self::Error> {
        let spec = &object.spec;
        let namespace = object.metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        let name = object.metadata.name.as_deref().unwrap_or_default();
        let id = SlaPolicyId::new(
            namespace.parse().map_err(SlaPolicyError::Name)?,
            name.parse().map_err(SlaPolicyError::Name)?,
        );
        let (kind, metric) = (spec.applies_to.kind, spec.metric);
        let conditions = match &spec.conditions {
            Some(conditions) => ConditionTexts::from(conditions),
            None => default_conditions(metric, kind).ok_or(SlaPolicyError::Conditions { metric, kind })?,
        };
        let mut seen = BTreeSet::new();
        let mut targets = Vec::new();
        for target in &spec.targets {
            let minutes = TargetMinutes::try_from(target.minutes).map_err(SlaPolicyError::Target)?;
            if !seen.insert(target.priority) {
                return Err(SlaPolicyError::Twice(target.priority));
            }
            targets.push((target.priority, minutes));
        }
        let thresholds = spec.thresholds.iter().map(|threshold| ThresholdRule {
            percent: threshold.percent,
            escalate: threshold.escalate,
        });
        Ok(Self {
            id,
            agreement: spec.agreement,
            kind,
            metric,
            targets: Targets::from_iter(targets),
            conditions,
            on_change: spec.on_change,
            retro_pause: spec.retro_pause,
            thresholds: thresholds.collect(),
            calendar: spec.calendar.clone(),
        })
    }
}

impl From<&wire::SlaConditions> for ConditionTexts {
    fn from(conditions: &wire::SlaConditions) -> Self {
        Self {
            start: conditions.start.clone(),
            pause: conditions.pause.clone(),
            resume: conditions.resume.clone(),
            stop: conditions.stop.clone(),
            reset: conditions.reset.clone(),
            cancel: conditions.cancel.clone(),
        }
    }
}

/// A clock as the status of its record shows it; `None` where there is no target to show.
///
/// `notified` is the highest threshold of which somebody was told, which a clock does not know.
pub fn sla_clock(
    policy: &SlaPolicy,
    clock: &Clock,
    notified: Option<u32>,
    tzdb_version: &str,
) -> Option<SlaClock> {
    let pauses: Vec<SlaPause> = clock
        .counting
        .iter()
        .flat_map(gitsm_core::sla::Counting::pauses)
        .map(|pause| SlaPause {
            from: pause.from,
            to: pause.to,
            reason: pause.reason.clone(),
        })
        .collect();
    let hidden = pauses.len().saturating_sub(MAX_PAUSES);
    Some(SlaClock {
        name: policy.clock_name(),
        policy: SlaPolicyReference {
            name: policy.id.name.clone(),
            namespace: Some(policy.id.namespace.clone()),
        },
        metric: policy.metric,
        state: clock.state,
        target_minutes: clock.target?.get(),
        started_at: clock.started_at,
        breach_at: clock.breach_at,
        stopped_at: clock.stopped_at,
        elapsed_seconds_at_last_event: clock.elapsed.as_secs().max(0),
        last_event_at: clock.changed_at,
        pauses: pauses.into_iter().skip(hidden).collect(),
        notified_percent: notified,
        calendar: policy.calendar.clone(),
        tzdb_version: Some(Text::clip(tzdb_version)),
    })
}

impl Estate {
    /// The services that a record is about, first its own: those it names, those found to be affected, and that of
    /// the template of a request.
    pub fn services_of_record(&self, record: &TimedRecord, snapshot: &Value) -> Vec<ServiceId> {
        let own = |name: &str| Some(ServiceId::new(record.namespace.clone(), name.parse().ok()?));
        let list = |pointer: &str| {
            snapshot
                .pointer(pointer)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        let named = list("/spec/services").filter_map(|name| own(name.as_str()?));
        let affected = list("/status/affectedServices").filter_map(|reference| {
            let name: ServiceName = reference.get("name")?.as_str()?.parse().ok()?;
            let namespace: NamespaceName = match reference.get("namespace").and_then(Value::as_str) {
                Some(namespace) => namespace.parse().ok()?,
                None => record.namespace.clone(),
            };
            Some(ServiceId::new(namespace, name))
        });
        let template = snapshot.pointer("/spec/template").and_then(Value::as_str);
        let of_template = template
            .and_then(|name| self.request_templates.get(record.namespace.as_str(), name))
            .and_then(|template| template.spec.service.clone())
            .map(|service| ServiceId::new(record.namespace.clone(), service));
        let mut seen = BTreeSet::new();
        named
            .chain(affected)
            .chain(of_template)
            .filter(|id| seen.insert(id.clone()))
            .collect()
    }

    /// The policies that time a record, in order of namespace and name.
    ///
    /// A policy with a selector times the records of the services it selects, in its own namespace; one without those of
    /// the services that name it, or whose catalogue does.
    pub fn policies_of_record(&self, record: &TimedRecord, snapshot: &Value) -> Vec<&SLAPolicy> {
        let services = self.services_of_record(record, snapshot);
        let named: BTreeSet<(String, String)> = services
            .iter()
            .flat_map(|service| self.policies_of_service(service))
            .collect();
        let template = snapshot.pointer("/spec/template").and_then(Value::as_str);
        self.sla_policies
            .iter()
            .filter(|(namespace, name, policy)| {
                let scope = &policy.spec.applies_to;
                let of_template = scope.request_templates.is_empty()
                    || (record.namespace.as_str() == *namespace
                        && template.is_some_and(|template| {
                            scope
                                .request_templates
                                .iter()
                                .any(|known| known.as_str() == template)
                        }));
                scope.kind == record.kind
                    && of_template
                    && match &scope.services {
                        None => named.contains(&((*namespace).to_owned(), (*name).to_owned())),
                        Some(selector) => namespace.parse().is_ok_and(|own: NamespaceName| {
                            let selector = service_selector(selector, Reach::Own(&own));
                            services.iter().any(|service| {
                                self.subject(service)
                                    .is_some_and(|subject| selector.matches(&subject).is_certain())
                            })
                        }),
                    }
            })
            .map(|(_, _, policy)| policy)
            .collect()
    }

    /// The policies that a service names, or those of its catalogue where it names none; namespace and name.
    fn policies_of_service(&self, id: &ServiceId) -> Vec<(String, String)> {
        let Some(service) = self.services.get(id.namespace.as_str(), id.name.as_str()) else {
            return Vec::new();
        };
        let catalog = self.catalog_of(service).one();
        let references = match catalog {
            Some(catalog) if service.spec.sla_policies.is_empty() => &catalog.spec.defaults.sla_policies,
            _ => &service.spec.sla_policies,
        };
        references
            .iter()
            .map(|reference| {
                let namespace = reference.namespace.as_ref().unwrap_or(&id.namespace);
                (namespace.to_string(), reference.name.to_string())
            })
            .collect()
    }

    /// The calendar that a policy counts a record in, read in the zone that the policy says; `None` for around the
    /// clock.
    ///
    /// The zone of the service is that of the calendar of the first service with one, the zone of the requester that of
    /// the member who reported or asked. Where there is none, the calendar keeps its own.
    ///
    /// # Errors
    ///
    /// [`CalendarProblem`] when a calendar is missing or wrong: the clock cannot be computed.
    pub fn calendar_of_clock(
        &self,
        object: &SLAPolicy,
        record: &TimedRecord,
        snapshot: &Value,
    ) -> Result<Option<Calendar>, CalendarProblem> {
        let Some(name) = &object.spec.calendar else {
            return Ok(None);
        };
        let calendars = self.business_calendars();
        let calendar = calendars.resolve(name)?;
        let zone = match object.spec.time_zone {
            SlaTimeZone::Calendar => None,
            SlaTimeZone::Service => {
                let named = self
                    .services_of_record(record, snapshot)
                    .into_iter()
                    .find_map(|id| {
                        let service = self.services.get(id.namespace.as_str(), id.name.as_str())?;
                        let of_catalog = || self.catalog_of(service).one()?.spec.defaults.calendar.clone();
                        service.spec.calendar.clone().or_else(of_catalog)
                    });
                match named {
                    Some(name) => Some(calendars.resolve(&name)?.rules().time_zone.clone()),
                    None => None,
                }
            }
            SlaTimeZone::Requester => ["/spec/requester", "/spec/reporter"]
                .iter()
                .find_map(|pointer| snapshot.pointer(pointer)?.as_str()?.parse().ok())
                .and_then(|member: MemberId| self.zone_of_member(&member)),
        };
        Ok(Some(match zone {
            Some(time_zone) if time_zone != calendar.rules().time_zone => Calendar::new(CalendarRules {
                time_zone,
                ..calendar.rules().clone()
            }),
            _ => calendar,
        }))
    }

    fn zone_of_member(&self, id: &MemberId) -> Option<ZoneName> {
        let mut members = self.teams.values().flat_map(|team| &team.spec.members);
        members
            .find(|member| member.id.as_str() == id.as_str())?
            .time_zone
            .clone()
    }
}

#[cfg(test)]
mod tests;
