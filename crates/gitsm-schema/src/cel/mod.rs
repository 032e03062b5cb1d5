//! The Kubernetes CEL environment: parse, check, evaluate.
//!
//! The parser is that of the crate `cel`; the checker and the evaluator are ours
//! (`docs/decisions/0002-cel.md`). An [`Environment`] says what expressions may name; it compiles source to a
//! [`Program`], which is evaluated with an [`Activation`]. What cannot be judged as the API server would judge
//! it is refused when it is compiled.
//!
//! ```
//! use gitsm_schema::cel::{Activation, Binding, DeclType, Environment, Type, Value};
//!
//! let environment = Environment::kubernetes().with_variable("object", DeclType::json());
//! let program = environment.compile("object.replicas > 2", Some(&Type::Bool)).unwrap();
//! let object = serde_json::json!({"replicas": 3});
//! let activation = Activation::new().with("object", Binding::Json(&object));
//! assert!(matches!(program.evaluate(&activation), Ok(Value::Bool(true))));
//! ```

mod checker;
pub mod cost;
mod decl;
mod environment;
mod error;
mod escape;
mod eval;
pub mod field_path;
mod ir;
mod json;
mod library;
mod limits;
mod overload;
mod parse;
mod program;
mod rules;
#[cfg(test)]
mod tests;
mod types;
mod value;

pub use decl::{DeclKind, DeclType, FieldDecl, ListDecl, ListSemantics, ObjectDecl};
pub use environment::{Environment, Variable};
pub use error::{CompileError, EvalError, Issue, Phase};
pub use escape::escape;
pub use library::opaque::Opaque;
pub use library::time::Timestamp;
pub use limits::{MAX_DEPTH, MAX_LENGTH, MAX_NESTING, MAX_OPERATORS, on_large_stack};
pub use program::{Activation, Binding, DEFAULT_STEPS, Program};
pub use rules::{CompiledRules, SchemaRuleError};
pub(crate) use rules::{RuleReport, RuleReports, report_rules};
pub use types::Type;
pub use value::{Key, List, Map, Text, Value};
