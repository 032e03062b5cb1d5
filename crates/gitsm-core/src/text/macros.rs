//! The two macros behind every text type: one writes the newtype, one its conversions.

/// Declares a validated newtype over [`String`].
macro_rules! string_type {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            what: $what:literal,
            pattern: $pattern:expr,
            length: $min:literal..=$max:literal,
            example: $example:literal,
            check: $check:expr,
            $(format: $format:literal,)?
            $(reference: $reference:literal,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $crate::text::TextForm for $name {
            const WHAT: &'static str = $what;
            const PATTERN: &'static str = $pattern;
            const MIN_LENGTH: usize = $min;
            const MAX_LENGTH: usize = $max;
            const EXAMPLE: &'static str = $example;
            $(const FORMAT: Option<&'static str> = Some($format);)?
            $(const REFERENCE: Option<&'static str> = Some($reference);)?
        }

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::text::ValueError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::text::check_length::<Self>(text)?;
                let check: fn(&str) -> Result<(), ::std::borrow::Cow<'static, str>> = $check;
                check(text).map_err($crate::text::ValueError::of::<Self>)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        $crate::text::text_wire!($name);
    };
}

/// Gives a [`TextForm`](crate::text::TextForm) type its conversions from text, serde and JSON Schema.
macro_rules! text_wire {
    ($name:ty $(, const $generic:ident: $kind:ty)?) => {
        impl $(<const $generic: $kind>)? TryFrom<&str> for $name {
            type Error = $crate::text::ValueError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl $(<const $generic: $kind>)? TryFrom<String> for $name {
            type Error = $crate::text::ValueError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl $(<const $generic: $kind>)? From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl $(<const $generic: $kind>)? ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de $(, const $generic: $kind)?> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = ::std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schemars")]
        impl $(<const $generic: $kind>)? ::schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                $crate::text::text_schema::<Self>(stringify!($name))
            }
        }
    };
}

pub(crate) use {string_type, text_wire};
