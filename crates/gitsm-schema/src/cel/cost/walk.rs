//! The walk over an expression that adds up what it costs at most.
//!
//! The rules and the order of the steps follow cel-go, `checker/cost.go`: what is known about the size of a value
//! depends on what was looked at before.

use super::amount::{LIST_BASE, MAP_BASE, Size};
use super::bounds::{Bounds, ITEMS, KEYS_STEP, VALUES};
use super::calls;
use super::paths::{Path, Paths};
use super::tree::{ACCUMULATOR, Bind, Call, Fold, Item, Kind};
use crate::cel::types::Type;

/// The sizes of what is inside a list or map that an expression makes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    is_list: bool,
    key: Size,
    pub(super) value: Size,
}

impl Entry {
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            is_list: self.is_list,
            key: self.key.union(other.key),
            value: self.value.union(other.value),
        }
    }
}

struct Local<'e> {
    name: &'e str,
    path: Path,
    size: Option<Size>,
    entry: Option<Entry>,
}

/// A receiver or argument as functions see it.
pub(super) struct Operand<'e> {
    pub(super) item: &'e Item,
    pub(super) path: Path,
    /// What was known of its size when it was looked at.
    pub(super) size: Option<Size>,
}

pub(super) struct Walk<'e> {
    bounds: &'e Bounds,
    paths: Paths<'e>,
    /// By node: the path from a variable to its value.
    path_of: Vec<Path>,
    /// By node: its size, once it is known.
    size_of: Vec<Option<Size>>,
    /// By node: the sizes of what is inside, once they are known.
    entry_of: Vec<Option<Entry>>,
    locals: Vec<Local<'e>>,
}

impl<'e> Walk<'e> {
    pub(super) fn new(bounds: &'e Bounds, nodes: usize) -> Self {
        Self {
            bounds,
            paths: Paths::default(),
            path_of: vec![Path::NONE; nodes],
            size_of: vec![None; nodes],
            entry_of: vec![None; nodes],
            locals: Vec::new(),
        }
    }

    pub(super) fn cost(&mut self, item: &'e Item) -> u64 {
        match &item.kind {
            Kind::Literal(_) => 0,
            Kind::Name(name) => {
                let known = self.local(name).map(|local| local.path);
                self.path_of[item.id] = known.unwrap_or_else(|| self.paths.append(Path::NONE, name));
                1
            }
            Kind::Select {
                operand,
                field,
                is_test,
            } => self.select(item, operand, field, *is_test),
            Kind::Call(call) if call.function == "dyn" && call.arguments.len() == 1 => {
                let argument = &call.arguments[0];
                let cost = self.cost(argument).saturating_add(1);
                self.copy_sizes(item, argument);
                cost
            }
            Kind::Call(call) => self.call(item, call),
            Kind::List(elements) => self.list(item, elements),
            Kind::Map(entries) => self.map(item, entries),
            Kind::Fold(fold) => self.fold(item, fold),
            Kind::Bind(bind) => self.bind(item, bind),
        }
    }

    fn select(&mut self, item: &Item, operand: &'e Item, field: &'e str, is_test: bool) -> u64 {
        let cost = self.cost(operand);
        if is_test {
            return cost;
        }
        let path = self.path(operand);
        self.path_of[item.id] = self.paths.append(path, field);
        let is_counted = matches!(operand.ty, Type::Map(..) | Type::Object(_));
        cost.saturating_add(u64::from(is_counted))
    }

    fn call(&mut self, item: &'e Item, call: &'e Call) -> u64 {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        let mut costs = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            costs.push(self.cost(argument));
            arguments.push(self.operand(argument));
        }
        let mut target = None;
        let mut sum = 0;
        if let Some(receiver) = call.target.as_deref() {
            sum = self.cost(receiver);
            target = Some(self.operand(receiver));
        }
        let mut worst = 0;
        let mut result: Option<Size> = None;
        for overload in &call.overloads {
            let used = calls::Use {
                item,
                call,
                overload,
                target: target.as_ref(),
                arguments: &arguments,
                costs: &costs,
            };
            let estimate = self.function(&used);
            worst = worst.max(estimate.cost);
            if let Some(size) = estimate.result {
                result = Some(result.map_or(size, |known| known.union(size)));
            }
            if let ("_[_]", [Type::List(_) | Type::Map(..), _], [container, _]) = (
                call.function.as_str(),
                overload.as_slice(),
                call.arguments.as_slice(),
            ) {
                let step = match overload[0] {
                    Type::List(_) => ITEMS,
                    _ => VALUES,
                };
                result = self.entry(container).map(|entry| entry.value);
                let path = self.path(container);
                self.path_of[item.id] = self.paths.append(path, step);
            }
            if result.is_none() {
                result = self.size(item);
            }
        }
        self.set_size(item, result);
        sum.saturating_add(worst)
    }

    fn list(&mut self, item: &Item, elements: &'e [Item]) -> u64 {
        let mut sum: u64 = LIST_BASE;
        let mut value = if elements.is_empty() {
            Size::exactly(0)
        } else {
            Size::NOTHING
        };
        for element in elements {
            sum = sum.saturating_add(self.cost(element));
            value = value.union(self.size_or_unknown(element));
        }
        self.entry_of[item.id] = Some(Entry {
            is_list: true,
            key: Size::exactly(1),
            value,
        });
        sum
    }

    fn map(&mut self, item: &Item, entries: &'e [(Item, Item)]) -> u64 {
        let mut sum: u64 = MAP_BASE;
        let (mut keys, mut values) = if entries.is_empty() {
            (Size::exactly(0), Size::exactly(0))
        } else {
            (Size::NOTHING, Size::NOTHING)
        };
        for (key, value) in entries {
            sum = sum.saturating_add(self.cost(key));
            sum = sum.saturating_add(self.cost(value));
            keys = keys.union(self.size_or_unknown(key));
            values = values.union(self.size_or_unknown(value));
        }
        self.entry_of[item.id] = Some(Entry {
            is_list: false,
            key: keys,
            value: values,
        });
        sum
    }

    fn fold(&mut self, item: &Item, fold: &'e Fold) -> u64 {
        let mut sum = self.cost(&fold.range);
        sum = sum.saturating_add(self.cost(&fold.start));
        self.push_local(ACCUMULATOR, &fold.start);
        match fold.variables.as_slice() {
            [key, value] => {
                self.push_variable(key, &fold.range, Part::Key);
                self.push_variable(value, &fold.range, Part::Value);
            }
            [only] => self.push_variable(only, &fold.range, Part::Element),
            _ => {}
        }
        let condition = self.cost(&fold.condition);
        let step = self.cost(&fold.step);
        let variables = fold.variables.len();
        self.locals.truncate(self.locals.len().saturating_sub(variables));
        sum = sum.saturating_add(self.cost(&fold.result));
        self.locals.pop();
        let rounds = self.size_or_unknown(&fold.range);
        let round = step.saturating_add(condition);
        sum = sum.saturating_add(rounds.max.saturating_mul(round));
        match fold.start.kind {
            Kind::List(_) | Kind::Map(_) => {
                self.set_size(item, Some(rounds));
                let entry = self.entry(&fold.step);
                self.set_entry(item, entry);
            }
            _ => {
                let size = self.size(&fold.start);
                self.set_size(item, size);
            }
        }
        sum
    }

    fn bind(&mut self, item: &Item, bind: &'e Bind) -> u64 {
        // The API server binds with a fold over an empty list, which costs as much as any list.
        let mut sum = LIST_BASE.saturating_add(self.cost(&bind.value));
        self.push_local(&bind.name, &bind.value);
        sum = sum.saturating_add(self.cost(&bind.body));
        self.locals.pop();
        self.copy_sizes(item, &bind.body);
        sum
    }

    fn push_local(&mut self, name: &'e str, value: &'e Item) {
        let path = self.path(value);
        let entry = self.entry(value);
        let size = self.size(value);
        self.locals.push(Local {
            name,
            path,
            size,
            entry,
        });
    }

    fn push_variable(&mut self, name: &'e str, range: &'e Item, part: Part) {
        let entry = self.entry(range);
        let is_list = entry.map_or(matches!(range.ty, Type::List(_)), |entry| entry.is_list);
        let (size, step) = match (part, is_list) {
            (Part::Key, true) => (entry.map(|entry| entry.key), "@indices"),
            (Part::Key | Part::Element, false) => (entry.map(|entry| entry.key), KEYS_STEP),
            (Part::Value | Part::Element, true) => (entry.map(|entry| entry.value), ITEMS),
            (Part::Value, false) => (entry.map(|entry| entry.value), VALUES),
        };
        let path = self.path(range);
        let path = self.paths.append(path, step);
        self.locals.push(Local {
            name,
            path,
            size,
            entry: None,
        });
    }

    fn local(&self, name: &str) -> Option<&Local<'e>> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    pub(super) fn operand(&mut self, item: &'e Item) -> Operand<'e> {
        Operand {
            item,
            path: self.path(item),
            size: self.size(item),
        }
    }

    fn path(&self, item: &Item) -> Path {
        if let Kind::Name(name) = &item.kind
            && let Some(local) = self.local(name)
        {
            return local.path;
        }
        self.path_of[item.id]
    }

    /// What is known about the size of a node that was looked at.
    pub(super) fn size(&mut self, item: &Item) -> Option<Size> {
        if let Some(known) = self.size_of[item.id] {
            return Some(known);
        }
        match &item.kind {
            Kind::Literal(constant) => return Some(Size::exactly(constant.size)),
            Kind::List(elements) => return Some(Size::exactly(elements.len() as u64)),
            Kind::Map(entries) => return Some(Size::exactly(entries.len() as u64)),
            _ => {}
        }
        if let Some(declared) = self.declared_size(self.path(item)) {
            self.size_of[item.id] = Some(declared);
            return Some(declared);
        }
        if is_scalar(&item.ty) {
            return Some(Size::exactly(1));
        }
        match &item.kind {
            Kind::Name(name) => self.local(name).and_then(|local| local.size),
            _ => None,
        }
    }

    /// The size that the schema declares for what is at a path.
    pub(super) fn declared_size(&self, path: Path) -> Option<Size> {
        self.declared(path)
            .map(|bounds| Size::at_most(bounds.max_elements))
    }

    /// The size that the schema declares for the elements of what is at a path.
    pub(super) fn declared_element(&self, path: Path) -> Option<Size> {
        let element = self.declared(path)?.step(ITEMS)?;
        Some(Size::at_most(element.max_elements))
    }

    fn declared(&self, path: Path) -> Option<&'e Bounds> {
        let (_variable, steps) = self.paths.steps(path).split_first()?;
        steps
            .iter()
            .try_fold(self.bounds, |bounds, step| bounds.step(step))
    }

    fn size_or_unknown(&mut self, item: &Item) -> Size {
        self.size(item).unwrap_or(Size::UNKNOWN)
    }

    fn set_size(&mut self, item: &Item, size: Option<Size>) {
        if size.is_some() {
            self.size_of[item.id] = size;
        }
    }

    pub(super) fn entry(&self, item: &Item) -> Option<Entry> {
        self.entry_of[item.id].or_else(|| match &item.kind {
            Kind::Name(name) => self.local(name).and_then(|local| local.entry),
            _ => None,
        })
    }

    pub(super) fn set_entry(&mut self, item: &Item, entry: Option<Entry>) {
        if entry.is_some() {
            self.entry_of[item.id] = entry;
        }
    }

    fn copy_sizes(&mut self, to: &Item, from: &Item) {
        let size = self.size(from);
        self.set_size(to, size);
        let entry = self.entry(from);
        self.set_entry(to, entry);
    }
}

/// Which part of a range a variable of a fold is.
#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
    /// The only variable: elements of lists, keys of maps.
    Element,
}

/// Whether values of the type are all of one size.
fn is_scalar(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Double | Type::Duration | Type::Int | Type::Timestamp | Type::Uint => true,
        _ => ty.optional_inner().is_some_and(is_scalar),
    }
}
