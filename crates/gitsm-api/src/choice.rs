//! Enumerations of the API that no decision needs; the others stand in gitsm-core.

/// [`gitsm_core::declare_choices`] with a JSON Schema.
macro_rules! choices {
    ($(#[$meta:meta])* pub enum $name:ident $body:tt) => {
        gitsm_core::declare_choices! {
            $(#[$meta])*
            #[derive(schemars::JsonSchema)]
            pub enum $name $body
        }
    };
}

pub(crate) use choices;
