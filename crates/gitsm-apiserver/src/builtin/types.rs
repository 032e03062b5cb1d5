//! The types of the built-in kinds: names, shapes and tags of their fields, read from `types.txt`.
//!
//! One table serves reading ([`super::read`]), pruning and server-side apply ([`super::schema`]), strategic merge
//! patches ([`crate::patch::strategic`]) and protobuf ([`super::protobuf`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// The declarations.
const SOURCE: &str = include_str!("types.txt");

/// One type with fields.
#[derive(Debug)]
pub struct Type {
    /// `core.v1.PodSpec`.
    pub name: &'static str,
    /// Whether server-side apply replaces it as a whole.
    pub atomic: bool,
    /// Its fields by JSON name, those of embedded types included.
    pub fields: BTreeMap<&'static str, Field>,
}

/// One field of a type.
#[allow(clippy::struct_excessive_bools, reason = "each is a tag of its own")]
#[derive(Debug, Clone)]
pub struct Field {
    /// What it holds.
    pub shape: Shape,
    /// Whether being there with its zero value differs from being absent.
    pub pointer: bool,
    /// Whether it is left out when it is empty. Structs never count as empty.
    pub omit_empty: bool,
    /// Whether it is left out when it is zero, structs included.
    pub omit_zero: bool,
    /// Its number in protobuf; 0 where it has none.
    pub number: u32,
    /// The message around it in protobuf, where the field comes from an embedded type.
    pub embedded_in: Option<u32>,
    /// How strategic merge patches treat it.
    pub patch: PatchTag,
    /// `atomic`, `set`, `map`, where server-side apply knows it; with the keys of a map.
    pub list: Option<(&'static str, Vec<&'static str>)>,
    /// Whether server-side apply replaces the map as a whole.
    pub atomic_map: bool,
    /// The default that a key of a list needs.
    pub default: Option<&'static str>,
}

/// `patchStrategy` and `patchMergeKey`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatchTag {
    /// Lists are merged.
    pub merge: bool,
    /// Objects and lists are replaced, also where they would be merged.
    pub replace: bool,
    /// Patches name the keys to keep, so that what others set is dropped; published only.
    pub retain_keys: bool,
    /// The key of merged lists of objects.
    pub key: Option<&'static str>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// Bytes, base64 in JSON.
    Bytes,
    /// An instant in whole seconds.
    Time,
    /// An instant in microseconds.
    MicroTime,
    /// A number or text: ports.
    IntOrString,
    /// `500m`, `1Gi`.
    Quantity,
    /// Any JSON: managed fields.
    Fields,
    /// Any JSON.
    Raw,
    /// A type of its own, by name.
    Struct(&'static str),
    /// A list.
    List(Box<Shape>),
    /// A map by text.
    Map(Box<Shape>),
}

impl Shape {
    /// Reads `[]core.v1.Container`. What is not understood is any JSON.
    fn parse(text: &'static str) -> Self {
        if let Some(inner) = text.strip_prefix("[]") {
            return Self::List(Box::new(Self::parse(inner)));
        }
        if let Some(inner) = text.strip_prefix("{}") {
            return Self::Map(Box::new(Self::parse(inner)));
        }
        if let Some(inner) = text.strip_prefix('*') {
            return Self::parse(inner);
        }
        match text {
            "string" => Self::Text,
            "bool" => Self::Bool,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "bytes" => Self::Bytes,
            "time" => Self::Time,
            "microtime" => Self::MicroTime,
            "intstr" => Self::IntOrString,
            "quantity" => Self::Quantity,
            "fields" => Self::Fields,
            name if name.contains('.') => Self::Struct(name),
            _ => Self::Raw,
        }
    }

    /// The type, where the shape is one.
    pub fn as_type(&self) -> Option<&'static Type> {
        match self {
            Self::Struct(name) => find(name),
            _ => None,
        }
    }

    /// The type of the elements of a list, or of the values of a map.
    pub fn element(&self) -> Option<&Shape> {
        match self {
            Self::List(inner) | Self::Map(inner) => Some(inner),
            _ => None,
        }
    }
}

/// The type of this name, for example `core.v1.Pod`.
pub fn find(name: &str) -> Option<&'static Type> {
    static TABLE: OnceLock<HashMap<&'static str, Type>> = OnceLock::new();
    TABLE.get_or_init(|| parse(SOURCE)).get(name)
}

fn parse(source: &'static str) -> HashMap<&'static str, Type> {
    let mut types: HashMap<&'static str, Type> = HashMap::new();
    let mut embedded: Vec<(&'static str, &'static str, u32)> = Vec::new();
    let mut current = None;
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { continue };
        if !line.starts_with(' ') {
            let atomic = words.next() == Some("atomic");
            types.insert(
                first,
                Type {
                    name: first,
                    atomic,
                    fields: BTreeMap::new(),
                },
            );
            current = Some(first);
            continue;
        }
        let Some(owner) = current else { continue };
        let second = words.next().unwrap_or("string");
        let number = words.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        match first {
            "TypeMeta" => {
                if let Some(ty) = types.get_mut(owner) {
                    // Empty where the server fills them in from the path.
                    ty.fields.insert("apiVersion", Field::text(0));
                    ty.fields.insert("kind", Field::text(0));
                }
            }
            "+" => embedded.push((owner, second, number)),
            name => {
                let field = Field::parse(second, number, words);
                if let Some(ty) = types.get_mut(owner) {
                    ty.fields.insert(name, field);
                }
            }
        }
    }
    for (owner, inner, number) in embedded {
        let fields = types.get(inner).map(|ty| ty.fields.clone()).unwrap_or_default();
        if let Some(ty) = types.get_mut(owner) {
            ty.fields.extend(fields.into_iter().map(|(name, mut field)| {
                field.embedded_in = Some(number);
                (name, field)
            }));
        }
    }
    types
}

impl Field {
    fn text(number: u32) -> Self {
        Self::parse("string", number, ["o"].into_iter())
    }

    fn parse(shape: &'static str, number: u32, words: impl Iterator<Item = &'static str>) -> Self {
        let mut field = Self {
            shape: Shape::parse(shape),
            pointer: shape.starts_with('*'),
            omit_empty: false,
            omit_zero: false,
            number,
            embedded_in: None,
            patch: PatchTag::default(),
            list: None,
            atomic_map: false,
            default: None,
        };
        for word in words {
            match word.split_once('=') {
                None => {
                    field.omit_empty |= word == "o";
                    field.omit_zero |= word == "z";
                }
                Some(("patch", tag)) => {
                    let (strategies, key) = tag.split_once(':').map_or((tag, None), |(a, b)| (a, Some(b)));
                    field.patch = PatchTag {
                        merge: strategies.split(',').any(|strategy| strategy == "merge"),
                        replace: strategies.split(',').any(|strategy| strategy == "replace"),
                        retain_keys: strategies.split(',').any(|strategy| strategy == "retainKeys"),
                        key,
                    };
                }
                Some(("list", tag)) => {
                    let (ty, keys) = tag.split_once(':').unwrap_or((tag, ""));
                    let keys = keys.split(',').filter(|key| !key.is_empty()).collect();
                    field.list = Some((ty, keys));
                }
                Some(("map", _)) => field.atomic_map = true,
                Some(("default", text)) => field.default = Some(text),
                Some(_) => {}
            }
        }
        field
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let types = parse(SOURCE);
        assert!(types.len() > 200);
        for ty in types.values() {
            for (name, field) in &ty.fields {
                let mut shape = &field.shape;
                while let Some(inner) = shape.element() {
                    shape = inner;
                }
                if let Shape::Struct(inner) = shape {
                    assert!(types.contains_key(inner), "{}.{name}: {inner}", ty.name);
                }
                if let Some((list, keys)) = &field.list {
                    assert!(["atomic", "set", "map"].contains(list), "{}.{name}", ty.name);
                    let element = field.shape.element().and_then(Shape::as_type);
                    for key in keys {
                        assert!(
                            element.unwrap().fields.contains_key(key),
                            "{}.{name}: {key}",
                            ty.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn fields_carry_their_tags() {
        let spec = find("core.v1.PodSpec").unwrap();
        let containers = &spec.fields["containers"];
        assert_eq!(
            containers.shape,
            Shape::List(Box::new(Shape::Struct("core.v1.Container")))
        );
        assert_eq!((containers.number, containers.omit_empty), (2, false));
        assert_eq!(containers.patch.key, Some("name"));
        assert_eq!(containers.list, Some(("map", vec!["name"])));
        assert!(find("meta.v1.LabelSelector").unwrap().atomic);
        assert!(spec.fields["terminationGracePeriodSeconds"].pointer);
    }

    #[test]
    fn embedded_types_lend_their_fields() {
        let volume = find("core.v1.Volume").unwrap();
        assert_eq!(volume.fields["name"].embedded_in, None);
        assert_eq!(volume.fields["emptyDir"].embedded_in, Some(2));
    }
}
