//! The few objects by which others are judged: windows, calendars, catalogues, models, policies, teams.

use gitsm_api::estate::Estate;

/// What decisions about the objects of an estate need, whatever the size of the estate.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    estate: Estate,
}

impl Rulebook {
    /// Takes the objects as they were found.
    pub(crate) fn new(estate: Estate) -> Self {
        Self { estate }
    }

    /// The objects.
    pub(crate) fn estate(&self) -> &Estate {
        &self.estate
    }
}
