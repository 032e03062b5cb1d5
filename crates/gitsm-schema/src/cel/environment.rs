//! What an expression may name: variables, functions, types, and which checks apply.

use super::checker;
use super::cost::{self, Bounds};
use super::decl::DeclType;
use super::error::{CompileError, Phase};
use super::ir::Compiled;
use super::library;
use super::limits;
use super::overload::{Functions, parse_type};
use super::parse;
use super::program::Program;
use super::types::Type;
use std::sync::{Arc, LazyLock};

/// A declared variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name; may be dotted.
    pub name: String,
    /// Its type.
    pub decl: DeclType,
}

/// What is different between the environments of this crate.
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
#[derive(Debug, Clone, Copy)]
struct Features {
    /// `cel.bind`.
    bindings: bool,
    /// `math.greatest`, `math.least`.
    math: bool,
    /// Whether the elements of a list or map literal must be of one type.
    rejects_mixed_literals: bool,
    /// Whether constant timestamps, durations and patterns must be valid.
    validates_literals: bool,
    /// Whether types are checked at all.
    checked: bool,
}

/// What an expression may name.
///
/// Cloning is cheap: functions are shared by all environments.
#[derive(Debug, Clone)]
pub struct Environment {
    functions: &'static Functions,
    variables: Vec<Arc<Variable>>,
    features: Features,
}

static KUBERNETES: LazyLock<Functions> = LazyLock::new(|| Functions::new(library::KUBERNETES));
static SPECIFICATION: LazyLock<Functions> = LazyLock::new(|| Functions::new(library::SPECIFICATION));

impl Environment {
    /// The environment of rules of custom resources in Kubernetes 1.36, without variables.
    ///
    /// The standard library with optional types, comparisons across numeric types and two-variable macros; the
    /// string (version 2), list and set extensions; the Kubernetes libraries for lists, regular expressions,
    /// URLs, quantities, IP addresses, CIDRs, semantic versions and named formats. `cel.bind`, `math` and the
    /// authorizer are not part of it.
    pub fn kubernetes() -> Self {
        Self {
            functions: &KUBERNETES,
            variables: Vec::new(),
            features: Features {
                bindings: false,
                math: false,
                rejects_mixed_literals: true,
                validates_literals: true,
                checked: true,
            },
        }
    }

    /// The environment of the CEL specification with its extensions, to measure conformance.
    pub fn specification() -> Self {
        Self {
            functions: &SPECIFICATION,
            variables: Vec::new(),
            features: Features {
                bindings: true,
                math: true,
                rejects_mixed_literals: false,
                validates_literals: false,
                checked: true,
            },
        }
    }

    /// The same without type checks: what does not fit fails when it is evaluated.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.features.checked = false;
        self
    }

    /// The same with list and map literals whose elements are of different types.
    ///
    /// The API server refuses them in rules, but not in the tests of its libraries.
    #[must_use]
    pub fn with_mixed_literals(mut self) -> Self {
        self.features.rejects_mixed_literals = false;
        self
    }

    /// The same with one more variable; a later one of the same name wins.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, decl: DeclType) -> Self {
        let name = name.into();
        self.variables.retain(|variable| variable.name != name);
        self.variables.push(Arc::new(Variable { name, decl }));
        self
    }

    /// Compiles an expression; `expected` is the type that it must have.
    ///
    /// # Errors
    ///
    /// An expression that is too large, is not CEL, names what is not declared, or whose types do not fit.
    pub fn compile(&self, source: &str, expected: Option<&Type>) -> Result<Program, CompileError> {
        limits::on_large_stack(|| self.compile_here(source, expected))?
    }

    /// As [`Self::compile`], on the stack of the caller, which must be a large one.
    pub(super) fn compile_here(
        &self,
        source: &str,
        expected: Option<&Type>,
    ) -> Result<Program, CompileError> {
        limits::check_source(source)?;
        let parsed = parse::parse(source)?;
        let outcome = checker::check(self, &parsed, expected, false)?;
        program(outcome.compiled, outcome.ty)
    }

    /// As `compile_here`, with what the expression costs at most on data with these bounds.
    pub(super) fn compile_with_cost(
        &self,
        source: &str,
        expected: Option<&Type>,
        bounds: &Bounds,
    ) -> Result<(Program, u64), CompileError> {
        limits::check_source(source)?;
        let parsed = parse::parse(source)?;
        let outcome = checker::check(self, &parsed, expected, true)?;
        let notes = outcome.notes.unwrap_or_default();
        let cost = cost::estimate(&parsed, &notes, self.functions, bounds);
        program(outcome.compiled, outcome.ty).map(|program| (program, cost))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&Arc<Variable>> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// The type that a name stands for, as in `type(x) == int`.
    pub(crate) fn type_named(name: &str) -> Option<Type> {
        Some(match name {
            "bool" | "int" | "uint" | "double" | "string" | "bytes" | "null_type" => parse_type(name),
            "list" => Type::list(Type::Dyn),
            "map" => Type::map(Type::Dyn, Type::Dyn),
            "type" => Type::Type(Type::Dyn.into()),
            "google.protobuf.Duration" => Type::Duration,
            "google.protobuf.Timestamp" => Type::Timestamp,
            super::types::OPTIONAL => Type::optional(Type::Dyn),
            _ if library::opaque::TYPE_NAMES.contains(&name) => Type::opaque(name),
            _ => return None,
        })
    }

    pub(crate) fn functions(&self) -> &'static Functions {
        self.functions
    }

    pub(crate) fn has_bindings(&self) -> bool {
        self.features.bindings
    }

    pub(crate) fn has_math(&self) -> bool {
        self.features.math
    }

    pub(crate) fn validates_literals(&self) -> bool {
        self.features.validates_literals
    }

    pub(crate) fn rejects_mixed_literals(&self) -> bool {
        self.features.rejects_mixed_literals
    }

    pub(crate) fn is_checked(&self) -> bool {
        self.features.checked
    }
}

fn program(compiled: Compiled, ty: Type) -> Result<Program, CompileError> {
    if compiled.root.depth() > limits::MAX_DEPTH {
        return Err(CompileError::whole(Phase::Parse, "max recursion depth exceeded"));
    }
    Ok(Program::new(compiled, ty))
}
