//! The schema of a whole object, from the schemas of its spec and status.

/// Makes a kube-derived struct one of our kinds: its schema, its place in the registry, its conditions.
macro_rules! custom_kind {
    ($kind:ident) => {
        $crate::root::custom_kind!($kind, []);
    };
    ($kind:ident, [$($rule:expr),* $(,)?]) => {
        impl schemars::JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::schema::root_schema::<Self>(vec![$($rule),*])
            }
        }

        impl $crate::schema::ResourceKind for $kind {
            fn conditions(&self) -> &[Condition] {
                self.status.as_ref().map_or(&[], |status| &status.conditions)
            }

            fn conditions_mut(&mut self) -> &mut Vec<Condition> {
                &mut self.status.get_or_insert_default().conditions
            }
        }
    };
}

pub(crate) use custom_kind;
