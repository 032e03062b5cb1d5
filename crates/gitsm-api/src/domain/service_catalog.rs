//! From the wire types of `ServiceCatalog` to the domain types of decisions: which catalogue a service belongs to,
//! and what it inherits from it.

use super::selectors::{Reach, service_selector};
use crate::estate::Estate;
use crate::v1alpha1::{ITService, ServiceCatalog};
use gitsm_core::ident::{NamespaceName, ServiceId};
use gitsm_core::selector::ServiceSubject;

/// The catalogue of a service.
#[derive(Debug, Clone, Copy)]
pub enum CatalogOf<'a> {
    /// This one.
    One(&'a ServiceCatalog),
    /// None selects it.
    None,
    /// Several select it, which is an error of the estate: nothing is inherited, and rules about windows count as
    /// unreadable.
    Several,
}

impl<'a> CatalogOf<'a> {
    /// The catalogue, if it is exactly one.
    pub fn one(self) -> Option<&'a ServiceCatalog> {
        match self {
            Self::One(catalog) => Some(catalog),
            Self::None | Self::Several => None,
        }
    }
}

impl Estate {
    /// The catalogue that a service belongs to.
    pub fn catalog_of(&self, service: &ITService) -> CatalogOf<'_> {
        subject_without_defaults(service).map_or(CatalogOf::None, |subject| self.catalog_for(&subject))
    }

    /// The catalogue that a service belongs to, by what the service says of itself: a tier that it would inherit
    /// selects nothing.
    pub fn catalog_for(&self, subject: &ServiceSubject) -> CatalogOf<'_> {
        let mut selecting = self.catalogs.values().filter(|catalog| {
            service_selector(&catalog.spec.services, Reach::Everywhere)
                .matches(subject)
                .is_certain()
        });
        match (selecting.next(), selecting.next()) {
            (None, _) => CatalogOf::None,
            (Some(catalog), None) => CatalogOf::One(catalog),
            (Some(_), Some(_)) => CatalogOf::Several,
        }
    }

    /// A service as selectors see it, the defaults of its catalogue filled in; `None` where there is no such
    /// service.
    pub fn subject(&self, id: &ServiceId) -> Option<ServiceSubject> {
        let service = self.services.get(id.namespace.as_str(), id.name.as_str())?;
        Some(self.with_defaults(subject_without_defaults(service)?))
    }

    /// What a service says of itself, the defaults of its catalogue filled in.
    pub fn with_defaults(&self, mut subject: ServiceSubject) -> ServiceSubject {
        if subject.tier.is_none() {
            let catalog = self.catalog_for(&subject).one();
            subject.tier = catalog.and_then(|catalog| catalog.spec.defaults.tier);
        }
        subject
    }
}

/// The identity of a service; `None` for names that no manifest of ours can have.
pub fn service_id(service: &ITService) -> Option<ServiceId> {
    let namespace: NamespaceName = match &service.metadata.namespace {
        Some(namespace) => namespace.parse().ok()?,
        None => crate::estate::DEFAULT_NAMESPACE.parse().ok()?,
    };
    Some(ServiceId::new(
        namespace,
        service.metadata.name.as_deref()?.parse().ok()?,
    ))
}

/// What a service says of itself; `None` for a name that no manifest of ours can have.
pub fn subject_without_defaults(service: &ITService) -> Option<ServiceSubject> {
    let labels = service.metadata.labels.iter().flatten();
    Some(ServiceSubject {
        id: service_id(service)?,
        tier: service.spec.tier,
        // A label that is not one of Kubernetes cannot be selected either.
        labels: labels
            .filter_map(|(key, value)| Some((key.parse().ok()?, value.parse().ok()?)))
            .collect(),
        data_class: service.spec.data_class.clone(),
    })
}
