//! The words of the service catalogue.

use crate::choice::choices;

choices! {
    /// Where a service is in its life. People decide it by pull request.
    pub enum ServiceState {
        /// Planned; not running.
        Proposed,
        /// Running without promises.
        Experimental,
        /// Running with everything promised.
        Production,
        /// Still running; not to be used by anything new.
        Deprecated,
        /// No longer running.
        Retired,
    }
}

choices! {
    /// What a failure of a dependency does.
    #[derive(Default, PartialOrd, Ord)]
    pub enum DependencyStrength {
        /// The dependant is down too.
        #[default]
        Hard,
        /// The dependant is degraded, and the failure goes no further.
        Soft,
    }
}

choices! {
    /// The kinds a service can depend on.
    #[derive(Default)]
    pub enum DependencyKind {
        /// Another service.
        #[default]
        ITService,
        /// A configuration item.
        ConfigurationItem,
    }
}

choices! {
    /// The health of a service, from its open incidents and observed workloads.
    pub enum ServiceHealth {
        /// Nothing is known to be wrong.
        Healthy,
        /// It works with losses.
        Degraded,
        /// It does not work.
        Down,
        /// There is no current observation.
        Unknown,
    }
}
