//! What the checker found out about each expression, for whoever walks the parsed expression after it.

use super::unify::Unifier;
use crate::cel::types::Type;
use std::collections::{HashMap, HashSet};

/// Facts about the nodes of a parsed expression, by the number of the node.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    types: HashMap<u64, Type>,
    overloads: HashMap<u64, Vec<Vec<Type>>>,
    dotted: HashSet<u64>,
}

impl Notes {
    pub(super) fn ty(&mut self, id: u64, ty: &Type) {
        self.types.insert(id, ty.clone());
    }

    /// Which overloads the checker left for a call, each by the types of its parameters.
    pub(super) fn overloads(&mut self, id: u64, overloads: Vec<Vec<Type>>) {
        self.overloads.insert(id, overloads);
    }

    /// That a selection is the dotted name of something declared.
    pub(super) fn dotted(&mut self, id: u64) {
        self.dotted.insert(id);
    }

    /// Replaces every type variable.
    pub(super) fn resolve(&mut self, unifier: &Unifier) {
        for ty in self.types.values_mut() {
            *ty = unifier.resolve_fully(ty);
        }
    }

    /// The type of a node.
    pub(crate) fn type_of(&self, id: u64) -> Type {
        self.types.get(&id).cloned().unwrap_or(Type::Dyn)
    }

    /// The overloads of a call, receiver first; one without parameters where the node is no call of a function.
    pub(crate) fn overloads_of(&self, id: u64) -> Vec<Vec<Type>> {
        let known = self.overloads.get(&id).filter(|overloads| !overloads.is_empty());
        known.cloned().unwrap_or_else(|| vec![Vec::new()])
    }

    /// Whether a selection is the dotted name of something declared.
    pub(crate) fn is_dotted_name(&self, id: u64) -> bool {
        self.dotted.contains(&id)
    }
}
