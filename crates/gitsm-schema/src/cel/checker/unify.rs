//! Which types fit which, and what type variables stand for.
//!
//! The rules are those of the CEL language definition, "Type checking": `dyn` fits everything, null fits
//! messages, timestamps, durations and optionals, and a type variable takes the most general type it met.

use crate::cel::types::Type;

/// What each type variable stands for so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Unifier {
    bindings: Vec<Option<Type>>,
}

impl Unifier {
    /// A variable that stands for nothing yet.
    pub(super) fn fresh(&mut self) -> Type {
        self.bindings.push(None);
        Type::Param(self.bindings.len() - 1)
    }

    /// `count` new variables; returns the number of the first.
    pub(super) fn fresh_block(&mut self, count: usize) -> usize {
        let first = self.bindings.len();
        self.bindings.resize(first + count, None);
        first
    }

    /// Drops the variables from `first` on, which no type in use mentions.
    pub(super) fn drop_block(&mut self, first: usize) {
        self.bindings.truncate(first);
    }

    fn binding(&self, variable: usize) -> Option<&Type> {
        self.bindings.get(variable).and_then(Option::as_ref)
    }

    /// Whether values of type `given` can be used as `wanted`, all pairs together; binds variables only if so.
    pub(super) fn all_assignable(&mut self, pairs: &[(Type, Type)]) -> bool {
        // Most operands have no variables; then there is nothing to take back.
        let can_bind = pairs
            .iter()
            .any(|(given, wanted)| has_variable(given) || has_variable(wanted));
        let before = can_bind.then(|| self.bindings.clone());
        let fits = pairs.iter().all(|(given, wanted)| self.unify(given, wanted));
        if let (false, Some(before)) = (fits, before) {
            self.bindings = before;
        }
        fits
    }

    /// [`Self::all_assignable`] for one pair.
    pub(super) fn assignable(&mut self, given: &Type, wanted: &Type) -> bool {
        self.all_assignable(&[(given.clone(), wanted.clone())])
    }

    fn unify(&mut self, given: &Type, wanted: &Type) -> bool {
        match (given, wanted) {
            (_, Type::Param(variable)) => match self.bind(*variable, given) {
                Bound::Fits => true,
                Bound::Conflicts => false,
                Bound::Cyclic => match given {
                    Type::Param(other) => self.bind(*other, wanted).fits(),
                    _ => false,
                },
            },
            (Type::Param(variable), _) => self.bind(*variable, wanted).fits(),
            (Type::Dyn | Type::Error, _) | (_, Type::Dyn | Type::Error) | (Type::Type(_), Type::Type(_)) => {
                true
            }
            (Type::Null, other) | (other, Type::Null) => accepts_null(other),
            (Type::List(a), Type::List(b)) => self.unify(a, b),
            (Type::Map(ak, av), Type::Map(bk, bv)) => self.unify(ak, bk) && self.unify(av, bv),
            (Type::Opaque(a, ap), Type::Opaque(b, bp)) => {
                a == b && ap.len() == bp.len() && ap.iter().zip(bp.iter()).all(|(a, b)| self.unify(a, b))
            }
            _ => given.same_as(wanted),
        }
    }

    fn bind(&mut self, variable: usize, ty: &Type) -> Bound {
        if matches!(ty, Type::Param(other) if *other == variable) {
            return Bound::Fits;
        }
        if let Some(bound) = self.binding(variable).cloned() {
            if bound.same_as(ty) {
                return Bound::Fits;
            }
            if !self.unify(ty, &bound) {
                return Bound::Conflicts;
            }
            let general = if is_at_least_as_general(ty, &bound) {
                ty.clone()
            } else {
                bound
            };
            if !self.occurs(variable, &general) {
                self.bindings[variable] = Some(general);
            }
            return Bound::Fits;
        }
        if self.occurs(variable, ty) {
            return Bound::Cyclic;
        }
        self.bindings[variable] = Some(ty.clone());
        Bound::Fits
    }

    fn occurs(&self, variable: usize, ty: &Type) -> bool {
        match ty {
            Type::Param(other) => {
                *other == variable
                    || self
                        .binding(*other)
                        .is_some_and(|bound| self.occurs(variable, bound))
            }
            Type::List(inner) | Type::Type(inner) => self.occurs(variable, inner),
            Type::Map(key, value) => self.occurs(variable, key) || self.occurs(variable, value),
            Type::Opaque(_, parameters) => parameters
                .iter()
                .any(|parameter| self.occurs(variable, parameter)),
            _ => false,
        }
    }

    /// The type with every bound variable replaced.
    pub(super) fn resolve(&self, ty: &Type) -> Type {
        match ty {
            Type::Param(variable) => self
                .binding(*variable)
                .map_or_else(|| ty.clone(), |bound| self.resolve(bound)),
            _ => map_inner(ty, |inner| self.resolve(inner)),
        }
    }

    /// The type with every variable replaced, unbound ones by `dyn`.
    pub(super) fn resolve_fully(&self, ty: &Type) -> Type {
        match self.resolve(ty) {
            Type::Param(_) => Type::Dyn,
            resolved => map_inner(&resolved, |inner| self.resolve_fully(inner)),
        }
    }
}

fn has_variable(ty: &Type) -> bool {
    match ty {
        Type::Param(_) => true,
        Type::List(inner) | Type::Type(inner) => has_variable(inner),
        Type::Map(key, value) => has_variable(key) || has_variable(value),
        Type::Opaque(_, parameters) => parameters.iter().any(has_variable),
        _ => false,
    }
}

enum Bound {
    Fits,
    /// The variable stands for something else.
    Conflicts,
    /// The type contains the variable.
    Cyclic,
}

impl Bound {
    fn fits(&self) -> bool {
        matches!(self, Self::Fits)
    }
}

/// A signature's type with its parameters renumbered from `first` on.
pub(super) fn instantiate(ty: &Type, first: usize) -> Type {
    match ty {
        Type::Param(number) => Type::Param(first + number),
        _ => map_inner(ty, |inner| instantiate(inner, first)),
    }
}

fn map_inner(ty: &Type, f: impl Fn(&Type) -> Type) -> Type {
    match ty {
        Type::List(inner) => Type::list(f(inner)),
        Type::Type(inner) => Type::Type(f(inner).into()),
        Type::Map(key, value) => Type::map(f(key), f(value)),
        Type::Opaque(name, parameters) if !parameters.is_empty() => {
            Type::Opaque(name.clone(), parameters.iter().map(f).collect())
        }
        _ => ty.clone(),
    }
}

/// Whether null is a value of the type.
fn accepts_null(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Null | Type::Opaque(..) | Type::Object(_) | Type::Duration | Type::Timestamp
    )
}

fn is_at_least_as_general(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) | (Type::Type(_), Type::Type(_)) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (_, Type::Null) => accepts_null(a),
        (Type::List(a), Type::List(b)) => is_at_least_as_general(a, b),
        (Type::Map(ak, av), Type::Map(bk, bv)) => {
            is_at_least_as_general(ak, bk) && is_at_least_as_general(av, bv)
        }
        (Type::Opaque(a, ap), Type::Opaque(b, bp)) => {
            a == b
                && ap.len() == bp.len()
                && ap
                    .iter()
                    .zip(bp.iter())
                    .all(|(a, b)| is_at_least_as_general(a, b))
        }
        _ => a.same_as(b),
    }
}

/// The more general of two types that fit each other.
pub(super) fn most_general(a: Type, b: Type) -> Type {
    if is_at_least_as_general(&a, &b) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_match_binds_nothing() {
        let mut unifier = Unifier::default();
        let variable = unifier.fresh();
        let pairs = [(Type::Int, variable.clone()), (Type::String, Type::Bool)];
        assert!(!unifier.all_assignable(&pairs));
        assert!(unifier.assignable(&Type::String, &variable));
        assert_eq!(unifier.resolve(&variable).to_string(), "string");
    }

    #[test]
    fn a_variable_does_not_contain_itself() {
        let mut unifier = Unifier::default();
        let variable = unifier.fresh();
        assert!(!unifier.assignable(&Type::list(variable.clone()), &variable));
    }

    #[test]
    fn null_fits_what_may_be_absent() {
        let mut unifier = Unifier::default();
        assert!(unifier.assignable(&Type::Null, &Type::Timestamp));
        assert!(!unifier.assignable(&Type::Null, &Type::String));
        assert!(!unifier.assignable(&Type::Null, &Type::list(Type::Int)));
    }
}
