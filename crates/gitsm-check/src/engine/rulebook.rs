//! The few objects by which others are judged: windows, calendars, catalogues, models, policies, teams.

use gitsm_api::domain::change_window::window_policy;
use gitsm_api::estate::Estate;
use gitsm_core::approval::{CatalogueRoles, Directory};
use gitsm_core::calendar::Calendars;
use gitsm_core::selector::ServiceSubject;
use gitsm_core::time::Instant;
use gitsm_core::vocabulary::RiskLevel;
use gitsm_core::window::{
    self, BrokenWindow, ChangeVerdict, Override, PlanFit, PlannedTime, Subject, SubjectChange, WindowSet,
};

/// What decisions about the objects of an estate need, whatever the size of the estate.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    estate: Estate,
    calendars: Calendars,
    windows: WindowSet,
    overrides: Vec<Override>,
    directory: Directory,
    roles: CatalogueRoles,
}

impl Rulebook {
    /// Takes the objects as they were found. `broken` are the windows that are none.
    pub(crate) fn new(estate: Estate, broken: Vec<BrokenWindow>) -> Self {
        let mut windows = estate.window_set(None);
        windows.broken.extend(broken);
        Self {
            calendars: estate.business_calendars(),
            windows,
            overrides: estate.overrides(),
            directory: estate.directory(),
            roles: estate.catalogue_roles(estate.catalogs.values()),
            estate,
        }
    }

    /// The objects.
    pub(crate) fn estate(&self) -> &Estate {
        &self.estate
    }

    /// The business calendars.
    pub(crate) fn calendars(&self) -> &Calendars {
        &self.calendars
    }

    /// The windows of the estate.
    #[cfg(test)]
    pub(crate) fn windows(&self) -> &WindowSet {
        &self.windows
    }

    /// Whether a change to these services may start at an instant.
    pub(crate) fn verdict(&self, services: &[Subject], change: &SubjectChange, at: Instant) -> ChangeVerdict {
        window::evaluate_change(&self.windows, &self.overrides, services, change, at)
    }

    /// How the planned time of a change to these services relates to the windows.
    pub(crate) fn fit(&self, services: &[Subject], change: &SubjectChange, time: PlannedTime) -> PlanFit {
        window::fits(&self.windows, &self.overrides, services, change, time)
    }

    /// The first start, not before that of `time`, at which a change to these services fits; `None`: not within five
    /// years.
    pub(crate) fn first_fit(
        &self,
        services: &[Subject],
        change: &SubjectChange,
        time: PlannedTime,
    ) -> Option<Instant> {
        let from = time.begin();
        window::first_fit(&self.windows, &self.overrides, services, change, time, from)
    }

    /// The change with each risk that it may have: its own once it is known, any while a window asks for it. Never
    /// empty.
    pub(crate) fn variants(&self, change: &SubjectChange) -> Vec<SubjectChange> {
        if change.subject.risk.is_some() || !self.asks_for_risk() {
            return vec![change.clone()];
        }
        let with = |risk: &RiskLevel| {
            let mut change = change.clone();
            change.subject.risk = Some(*risk);
            change
        };
        RiskLevel::ALL.iter().map(with).collect()
    }

    fn asks_for_risk(&self) -> bool {
        let broken = self
            .windows
            .broken
            .iter()
            .filter_map(|window| window.selector.as_ref());
        let windows = self.windows.windows.iter().map(|window| &window.selector);
        windows
            .chain(broken)
            .any(|selector| !selector.risk_levels.is_empty())
    }

    /// Everybody and their teams.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Who holds the roles of the catalogues.
    pub(crate) fn roles(&self) -> &CatalogueRoles {
        &self.roles
    }

    /// A service as windows see it, with what its catalogue says.
    pub(crate) fn subject(&self, service: ServiceSubject) -> Subject {
        Subject {
            policy: window_policy(self.estate.catalog_for(&service)),
            service: self.estate.with_defaults(service),
        }
    }
}
