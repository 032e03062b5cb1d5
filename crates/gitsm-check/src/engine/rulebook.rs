//! The few objects by which others are judged: windows, calendars, catalogues, models, policies, teams.

use gitsm_api::domain::change_window::window_policy;
use gitsm_api::estate::Estate;
use gitsm_core::approval::{CatalogueRoles, Directory};
use gitsm_core::calendar::Calendars;
use gitsm_core::selector::ServiceSubject;
use gitsm_core::window::{BrokenWindow, Override, Subject, WindowSet};

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
    /// Takes the objects as they were found; `broken` are windows that could not be added to them.
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

    /// The change windows.
    pub(crate) fn windows(&self) -> &WindowSet {
        &self.windows
    }

    /// The overrides of windows.
    pub(crate) fn overrides(&self) -> &[Override] {
        &self.overrides
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
