//! How the parts of an object merge: the type of each value, from the structural schema.
//!
//! A value is a scalar, a list or a map; where the schema leaves the type open (`x-kubernetes-int-or-string`,
//! `x-kubernetes-preserve-unknown-fields`) it may be any of them, and the value decides. Lists are atomic unless
//! declared otherwise, maps and objects are merged field by field.

use gitsm_schema::structural::{AdditionalProperties, Extensions, ListType, MapType, SchemaType, Structural};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A type within a [`TypeSchema`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeId(usize);

/// Anything, replaced as a whole.
pub(crate) const UNTYPED: TypeId = TypeId(0);
/// Anything; maps are merged field by field, lists are replaced as a whole.
pub(crate) const DEDUCED: TypeId = TypeId(1);
const STRING: TypeId = TypeId(2);
const METADATA: TypeId = TypeId(3);

/// What scalars a type admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Numeric,
    String,
    Boolean,
    Any,
}

/// The shapes a value of a type may have; at least one is given.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Atom {
    pub(crate) scalar: Option<Scalar>,
    pub(crate) list: Option<List>,
    pub(crate) map: Option<MapOf>,
}

/// A list type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List {
    pub(crate) element: TypeId,
    pub(crate) kind: ListKind,
}

/// How the elements of a list are told apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ListKind {
    /// Not at all: the list is one value.
    Atomic,
    /// By their value.
    Set,
    /// By their key fields, sorted by name.
    Map(Vec<Key>),
}

/// A key field of a `map` list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) name: Arc<str>,
    /// What an element that lacks the field is taken to have there.
    pub(crate) default: Option<Value>,
}

/// An object or map type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MapOf {
    pub(crate) fields: BTreeMap<Arc<str>, Field>,
    /// The type of the fields that are not declared; `None` where there may be none.
    pub(crate) element: Option<TypeId>,
    /// Replaced as a whole.
    pub(crate) atomic: bool,
    /// No declared fields, and the others may be anything.
    pub(crate) free_form: bool,
}

/// A declared field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) ty: TypeId,
    default: Option<Value>,
}

/// The types of one kind of object in one version: what `apply` and `update` merge and compare by.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeSchema {
    atoms: Vec<Atom>,
    root: TypeId,
}

impl TypeSchema {
    /// The types of a resource. `apiVersion`, `kind` and `metadata` are known whatever the schema says of them.
    pub fn for_resource(schema: &Structural) -> Self {
        let mut types = Self::common();
        types.root = types.structural(schema, false, true);
        types
    }

    /// The types of a resource without a schema: maps are merged, lists are atomic, also those in `metadata`.
    pub fn untyped() -> Self {
        Self {
            root: DEDUCED,
            ..Self::common()
        }
    }

    pub(crate) fn root(&self) -> TypeId {
        self.root
    }

    pub(crate) fn atom(&self, ty: TypeId) -> &Atom {
        // Every `TypeId` comes from this schema; the fallback only keeps the lookup total.
        self.atoms.get(ty.0).unwrap_or(&NO_ATOM)
    }

    /// The types that every schema has, and no root yet.
    fn common() -> Self {
        let anything = |element: TypeId, atomic: bool| Atom {
            scalar: Some(Scalar::Any),
            list: Some(List {
                element: UNTYPED,
                kind: ListKind::Atomic,
            }),
            map: Some(MapOf {
                fields: BTreeMap::new(),
                element: Some(element),
                atomic,
                free_form: element == DEDUCED,
            }),
        };
        let mut types = Self {
            atoms: vec![
                anything(UNTYPED, true),
                anything(DEDUCED, false),
                scalar(Scalar::String),
                Atom::default(),
            ],
            root: DEDUCED,
        };
        let metadata = types.object_metadata();
        if let Some(atom) = types.atoms.get_mut(METADATA.0) {
            *atom = metadata;
        }
        types
    }

    fn add(&mut self, atom: Atom) -> TypeId {
        self.atoms.push(atom);
        TypeId(self.atoms.len() - 1)
    }

    /// The type of `metadata`, as the API server's own definitions declare it.
    fn object_metadata(&mut self) -> Atom {
        let boolean = self.add(scalar(Scalar::Boolean));
        let number = self.add(scalar(Scalar::Numeric));
        let time = self.add(scalar(Scalar::Any));
        let texts = self.add(object(Vec::new(), Some(STRING), false));
        let finalizers = self.add(list(STRING, ListKind::Set));
        let managed_fields = self.add(list(DEDUCED, ListKind::Atomic));
        let owner = self.add(object(
            vec![
                ("apiVersion", STRING),
                ("kind", STRING),
                ("name", STRING),
                ("uid", STRING),
                ("controller", boolean),
                ("blockOwnerDeletion", boolean),
            ],
            None,
            true,
        ));
        let owners = self.add(list(
            owner,
            ListKind::Map(vec![Key {
                name: "uid".into(),
                default: Some(Value::String(String::new())),
            }]),
        ));
        object(
            vec![
                ("name", STRING),
                ("generateName", STRING),
                ("namespace", STRING),
                ("selfLink", STRING),
                ("uid", STRING),
                ("resourceVersion", STRING),
                ("generation", number),
                ("creationTimestamp", time),
                ("deletionTimestamp", time),
                ("deletionGracePeriodSeconds", number),
                ("labels", texts),
                ("annotations", texts),
                ("ownerReferences", owners),
                ("finalizers", finalizers),
                ("managedFields", managed_fields),
            ],
            None,
            false,
        )
    }

    /// Adds the types of a schema node. `open`: a node above keeps unknown fields, which goes for all below it.
    fn structural(&mut self, schema: &Structural, open: bool, is_resource: bool) -> TypeId {
        let open = open || schema.extensions.preserve_unknown_fields;
        let is_resource = is_resource || schema.extensions.embedded_resource;
        let atom = match schema.ty {
            None => Atom {
                scalar: Some(Scalar::Any),
                list: Some(self.list_of(schema, open)),
                map: Some(self.map_of(schema, open, is_resource)),
            },
            Some(SchemaType::Object) => Atom {
                map: Some(self.map_of(schema, open, is_resource)),
                ..Atom::default()
            },
            Some(SchemaType::Array) => Atom {
                list: Some(self.list_of(schema, open)),
                ..Atom::default()
            },
            Some(SchemaType::Integer | SchemaType::Number) => scalar(Scalar::Numeric),
            Some(SchemaType::Boolean) => scalar(Scalar::Boolean),
            Some(SchemaType::String) => match schema.value.format.as_deref() {
                None | Some("" | "byte") => return STRING,
                // Upstream reads a format as a hint that other scalars may stand there too.
                Some(_) => scalar(Scalar::Any),
            },
        };
        self.add(atom)
    }

    fn map_of(&mut self, schema: &Structural, open: bool, is_resource: bool) -> MapOf {
        let mut fields: BTreeMap<Arc<str>, Field> = schema
            .properties
            .iter()
            .filter(|(name, _)| !is_resource || !matches!(name.as_str(), "apiVersion" | "kind" | "metadata"))
            .map(|(name, property)| {
                let field = Field {
                    ty: self.structural(property, open, false),
                    default: property.default.clone(),
                };
                (Arc::from(name.as_str()), field)
            })
            .collect();
        if is_resource {
            for (name, ty) in [("apiVersion", STRING), ("kind", STRING), ("metadata", METADATA)] {
                fields.insert(name.into(), Field { ty, default: None });
            }
        }
        let element = match &schema.additional_properties {
            None => (open || fields.is_empty()).then_some(DEDUCED),
            Some(AdditionalProperties::Schema(values)) => Some(self.structural(values, open, false)),
            Some(AdditionalProperties::Allowed(allowed)) => allowed.then_some(DEDUCED),
        };
        let may_be_anything =
            |ty: TypeId| ty == DEDUCED || (ty != UNTYPED && self.atom(ty).scalar == Some(Scalar::Any));
        MapOf {
            free_form: fields.is_empty() && element.is_some_and(may_be_anything),
            fields,
            element,
            atomic: schema.extensions.map_type == Some(MapType::Atomic),
        }
    }

    fn list_of(&mut self, schema: &Structural, open: bool) -> List {
        let element = match &schema.items {
            Some(items) => self.structural(items, open, false),
            None => UNTYPED,
        };
        List {
            element,
            kind: self.list_kind(&schema.extensions, element),
        }
    }

    fn list_kind(&self, extensions: &Extensions, element: TypeId) -> ListKind {
        match extensions.list_type {
            None | Some(ListType::Atomic) => ListKind::Atomic,
            Some(ListType::Set) => ListKind::Set,
            Some(ListType::Map) => {
                let default_of = |name: &str| {
                    let field = self.atom(element).map.as_ref()?.fields.get(name)?;
                    field.default.clone().filter(|default| !default.is_null())
                };
                let mut keys: Vec<Key> = extensions
                    .list_map_keys
                    .iter()
                    .map(|name| Key {
                        name: name.as_str().into(),
                        default: default_of(name),
                    })
                    .collect();
                keys.sort_by(|left, right| left.name.cmp(&right.name));
                ListKind::Map(keys)
            }
        }
    }
}

const NO_ATOM: Atom = Atom {
    scalar: None,
    list: None,
    map: None,
};

fn scalar(scalar: Scalar) -> Atom {
    Atom {
        scalar: Some(scalar),
        ..Atom::default()
    }
}

fn list(element: TypeId, kind: ListKind) -> Atom {
    Atom {
        list: Some(List { element, kind }),
        ..Atom::default()
    }
}

fn object(fields: Vec<(&str, TypeId)>, element: Option<TypeId>, atomic: bool) -> Atom {
    Atom {
        map: Some(MapOf {
            fields: fields
                .into_iter()
                .map(|(name, ty)| (Arc::from(name), Field { ty, default: None }))
                .collect(),
            element,
            atomic,
            free_form: false,
        }),
        ..Atom::default()
    }
}
