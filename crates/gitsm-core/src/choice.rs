//! Enumerations that are written by the names of their variants.

/// Declares an enumeration whose values are written as the names of its variants.
///
/// Beside the derives it gives `ALL`, `as_str`, `Display` and `FromStr`, so that no message, column or metric
/// label falls back on `Debug`.
#[macro_export]
macro_rules! declare_choices {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as it is written in a manifest.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::choice::UnknownChoice;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or(
                    $crate::choice::UnknownChoice { allowed: &[$(stringify!($variant)),+] },
                )
            }
        }
    };
}

/// The same with a JSON Schema where that feature is on.
macro_rules! choices {
    ($(#[$meta:meta])* pub enum $name:ident $body:tt) => {
        $crate::declare_choices! {
            $(#[$meta])*
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
            pub enum $name $body
        }
    };
}

pub(crate) use choices;

/// A text that is none of an enumeration's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of {}", allowed.join(", "))]
pub struct UnknownChoice {
    /// The values that are allowed.
    pub allowed: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    use crate::change::ChangePhase;
    use crate::vocabulary::RiskLevel;

    #[test]
    fn choices_are_written_as_their_names() {
        for phase in ChangePhase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
            assert_eq!(phase.as_str().parse::<ChangePhase>().as_ref(), Ok(phase));
        }
        let error = "high".parse::<RiskLevel>().unwrap_err();
        assert_eq!(error.to_string(), "not one of Low, Moderate, High, VeryHigh");
    }
}
