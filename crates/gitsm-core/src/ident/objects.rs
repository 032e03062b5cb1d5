//! Identities of single objects: namespace and name.

use super::references::{
    ChangeName, ChangeWindowName, ConfigurationItemName, IncidentName, NamespaceName, ProblemName,
    ServiceName, ServiceRequestName, SlaPolicyName, WindowOverrideName,
};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Declares the identity of the objects of one namespaced kind, written `namespace/name`.
macro_rules! object_ids {
    ($($(#[$meta:meta])* $id:ident: $name:ident, $kind:literal;)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $id {
                /// Its namespace.
                pub namespace: NamespaceName,
                /// Its name.
                pub name: $name,
            }

            impl $id {
                /// The kind of the object.
                pub const KIND: &'static str = $kind;

                /// The identity from its parts.
                pub fn new(namespace: NamespaceName, name: $name) -> Self {
                    Self { namespace, name }
                }
            }

            impl fmt::Display for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}/{}", self.namespace, self.name)
                }
            }

            impl FromStr for $id {
                type Err = crate::ValueError;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    let (namespace, name) = split(text, concat!("the identity of an object of kind ", $kind))?;
                    Ok(Self { namespace: namespace.parse()?, name: name.parse()? })
                }
            }

            impl serde::Serialize for $id {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> serde::Deserialize<'de> for $id {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )*
    };
}

fn split<'t>(text: &'t str, what: &'static str) -> Result<(&'t str, &'t str), crate::ValueError> {
    text.split_once('/')
        .ok_or_else(|| crate::ValueError::new(what, "it has no `/`", "payments/payments-db"))
}

object_ids! {
    /// One `ITService`.
    ServiceId: ServiceName, "ITService";
    /// One `ConfigurationItem`.
    ConfigurationItemId: ConfigurationItemName, "ConfigurationItem";
    /// One `ChangeWindow`.
    WindowId: ChangeWindowName, "ChangeWindow";
    /// One `WindowOverride`.
    WindowOverrideId: WindowOverrideName, "WindowOverride";
    /// One `Change`.
    ChangeId: ChangeName, "Change";
    /// One `Incident`.
    IncidentId: IncidentName, "Incident";
    /// One `Problem`.
    ProblemId: ProblemName, "Problem";
    /// One `ServiceRequest`.
    ServiceRequestId: ServiceRequestName, "ServiceRequest";
    /// One `SLAPolicy`.
    SlaPolicyId: SlaPolicyName, "SLAPolicy";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_namespace_and_name() {
        let id: ServiceId = "payments/payments-db".parse().unwrap();
        assert_eq!(
            (id.namespace.as_str(), id.name.as_str()),
            ("payments", "payments-db")
        );
        assert_eq!(serde_json::to_value(&id).unwrap(), "payments/payments-db");
        for wrong in ["payments", "a/b/c", "/b", "a/", "A/b"] {
            assert!(wrong.parse::<ServiceId>().is_err(), "{wrong}");
        }
    }
}
