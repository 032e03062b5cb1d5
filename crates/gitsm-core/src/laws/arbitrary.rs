//! Values of any type that can be read, as saved facts might hold them: what a decision must take whatever it is.
//!
//! A deserializer that makes up what it is asked for. The names of types tell it which texts and numbers a type takes;
//! what is wrong all the same is made again.

use super::values;
use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// A source of decisions: the same seed gives the same ones (SplitMix64).
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    pub(super) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// A value of a type.
pub(super) fn arbitrary<T: DeserializeOwned>(dice: &mut Dice) -> T {
    let mut last = String::new();
    for _ in 0..100 {
        match T::deserialize(Maker::of(std::any::type_name::<T>(), dice)) {
            Ok(value) => return value,
            Err(error) => last = error.to_string(),
        }
    }
    panic!("no {}: {last}", std::any::type_name::<T>())
}

/// The name of a type without its path and the type it wraps.
fn short(name: &str) -> &str {
    if name.contains("__DeserializeWith") {
        return "__DeserializeWith";
    }
    let name = name.strip_prefix("core::marker::PhantomData<").unwrap_or(name);
    let name = name
        .strip_prefix("core::option::Option<")
        .or_else(|| name.strip_prefix("alloc::boxed::Box<"))
        .unwrap_or(name);
    let bare = name.split('<').next().unwrap_or(name).trim_end_matches('>');
    bare.rsplit("::").next().unwrap_or(bare)
}

struct Maker<'d> {
    dice: &'d mut Dice,
    /// The type that is made, for what its texts and numbers are.
    name: &'static str,
    depth: usize,
}

impl<'d> Maker<'d> {
    fn of(name: &'static str, dice: &'d mut Dice) -> Self {
        Self { dice, name, depth: 0 }
    }

    fn inside<'s>(&'s mut self, name: &'static str) -> Maker<'s> {
        Maker {
            dice: self.dice,
            name,
            depth: self.depth + 1,
        }
    }

    /// Makes what a seed is for.
    fn make<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let name = std::any::type_name::<S>();
        match values::whole(short(name), self.dice) {
            Some(value) if !name.contains("Option<") || !self.dice.one_in(3) => {
                seed.deserialize(value).map_err(Error::custom)
            }
            Some(_) => seed.deserialize(serde_json::Value::Null).map_err(Error::custom),
            None => seed.deserialize(self.inside(name)),
        }
    }

    fn number(&mut self) -> i128 {
        values::number(short(self.name), self.dice)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            let number = self.number();
            visitor.$visit(<$type>::try_from(number).unwrap_or(if number < 0 { <$type>::MIN } else { <$type>::MAX }))
        })*
    };
}

impl<'de> Deserializer<'de> for Maker<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = values::json(self.dice, 2);
        value.deserialize_any(visitor).map_err(Error::custom)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.dice.one_in(2))
    }

    numbers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(values::text(self.name, short(self.name), self.dice))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.dice.one_in(3) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = length(&self);
        visitor.visit_seq(Items { maker: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { maker: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { maker: self, left })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = length(&self);
        visitor.visit_map(Entries { maker: self, left })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields {
            maker: self,
            fields: fields.iter(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = self.dice.pick(variants);
        visitor.visit_enum(Choice { maker: self, variant })
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct identifier ignored_any
    }
}

/// How many elements: fewer the deeper it is.
fn length(maker: &Maker<'_>) -> usize {
    // A copy, so that the length does not need the maker itself.
    let mut dice = Dice::new(maker.dice.state ^ 0x5EED);
    dice.below(if maker.depth < 6 { 4 } else { 2 })
}

struct Items<'d> {
    maker: Maker<'d>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        self.maker.make(seed).map(Some)
    }
}

struct Entries<'d> {
    maker: Maker<'d>,
    left: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        self.maker.make(seed).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.maker.make(seed)
    }
}

struct Fields<'d> {
    maker: Maker<'d>,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        match self.fields.next() {
            None => Ok(None),
            Some(field) => seed.deserialize((*field).into_deserializer()).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.maker.make(seed)
    }
}

struct Choice<'d> {
    maker: Maker<'d>,
    variant: &'static str,
}

impl<'de, 'd> EnumAccess<'de> for Choice<'d> {
    type Error = Error;
    type Variant = Content<'d>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'d>), Error> {
        let variant = IntoDeserializer::<Error>::into_deserializer(self.variant);
        Ok((seed.deserialize(variant)?, Content { maker: self.maker }))
    }
}

struct Content<'d> {
    maker: Maker<'d>,
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, Error> {
        self.maker.make(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.maker.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.maker.deserialize_struct("", fields, visitor)
    }
}
