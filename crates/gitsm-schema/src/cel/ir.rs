//! The compiled form of an expression: names resolved, macros expanded, chains flat.

use super::eval::price::Price;
use super::overload::Overload;
use regex::Regex;
use std::sync::Arc;

/// A node of a compiled expression.
#[derive(Debug)]
pub(crate) enum Node {
    Literal(Literal),
    /// A declared variable, by its position in the program.
    Variable(usize),
    /// A variable of a macro, by its position on the stack of locals.
    Local(usize),
    Select(Box<Select>),
    /// `has(operand.field)`.
    Has(Box<Select>),
    /// `operand.?field`.
    OptionalSelect(Box<Select>),
    /// `operand[key]`.
    Index(Box<[Node; 2]>),
    /// `operand[?key]`.
    OptionalIndex(Box<[Node; 2]>),
    /// Two or more terms joined with `&&`.
    And(Vec<Node>),
    /// Two or more terms joined with `||`.
    Or(Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// `condition ? a : b`.
    Conditional(Box<[Node; 3]>),
    /// `first op term op term ...`, evaluated from the left.
    Chain(Box<Node>, Vec<(Binary, Node)>),
    Call(Box<Call>),
    /// A regular expression that was compiled with the expression, and what it makes each search cost; `None` for
    /// the form that is not a method, which costs one.
    Matches(Box<Node>, Box<Regex>, Option<u64>),
    /// A list; the flag says that an absent optional element is left out.
    List(Vec<(Node, bool)>),
    /// A map: key, value, and whether an absent optional value leaves the entry out.
    Map(Vec<(Node, Node, bool)>),
    Loop(Box<Loop>),
    /// A value with a name, and what is computed with it.
    Bind(Box<[Node; 2]>),
    /// `optional.optMap(x, body)`; the flag says that the body is optional itself (`optFlatMap`).
    OptionalMap(Box<[Node; 2]>, bool),
    /// `optional.or(other)`: the other is evaluated only if needed.
    OptionalOr(Box<[Node; 2]>),
    /// `optional.orValue(other)`: the other is evaluated only if needed.
    OptionalOrValue(Box<[Node; 2]>),
    /// A name that is not declared, in an expression that is not checked.
    Undeclared(String),
}

/// A constant of the source.
#[derive(Debug)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    Type(String),
}

/// A field access.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) operand: Node,
    pub(crate) field: String,
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Arithmetic(Arithmetic),
    Compare(Comparison),
    /// `element in container`.
    In,
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A comparing operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A function call; at run time the first overload that takes the arguments is run.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) overloads: Vec<Overload>,
    pub(crate) arguments: Vec<Node>,
    /// How it is counted.
    pub(crate) price: Price,
}

/// What a macro over a list or map computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    /// `map`, `transformList`: the list of the bodies.
    List,
    /// `filter`: the elements for which the body holds.
    Filter,
    /// `transformMap`: the bodies under the keys of the range.
    Map,
    /// `transformMapEntry`: the entries of the bodies, which are maps.
    MapEntry,
    /// `sortBy`: the elements, ordered by their bodies.
    SortBy,
}

/// A macro over a list or map. Its variables are locals from `slot` on.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) kind: LoopKind,
    pub(crate) range: Node,
    /// Whether there are two variables: key or position, and value.
    pub(crate) two_variables: bool,
    /// Elements for which this is false are skipped.
    pub(crate) filter: Option<Node>,
    pub(crate) body: Node,
}

impl Node {
    /// How deep evaluation recurses into this node.
    pub(crate) fn depth(&self) -> usize {
        fn deepest<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> usize {
            nodes.into_iter().map(Node::depth).max().unwrap_or(0)
        }
        1 + match self {
            Self::Literal(_) | Self::Variable(_) | Self::Local(_) | Self::Undeclared(_) => 0,
            Self::Select(select) | Self::Has(select) | Self::OptionalSelect(select) => select.operand.depth(),
            Self::Index(pair)
            | Self::OptionalIndex(pair)
            | Self::Bind(pair)
            | Self::OptionalMap(pair, _)
            | Self::OptionalOr(pair)
            | Self::OptionalOrValue(pair) => deepest(pair.iter()),
            Self::And(terms) | Self::Or(terms) => deepest(terms),
            Self::Not(node) | Self::Negate(node) | Self::Matches(node, ..) => node.depth(),
            Self::Conditional(parts) => deepest(parts.iter()),
            Self::Chain(first, rest) => first.depth().max(deepest(rest.iter().map(|(_, node)| node))),
            Self::Call(call) => deepest(&call.arguments),
            Self::List(elements) => deepest(elements.iter().map(|(node, _)| node)),
            Self::Map(entries) => deepest(entries.iter().flat_map(|(key, value, _)| [key, value])),
            Self::Loop(each) => deepest([&each.range, &each.body].into_iter().chain(&each.filter)),
        }
    }
}

/// A compiled expression and what it needs from outside.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) root: Node,
    /// The variables that it names, by position.
    pub(crate) variables: Vec<Arc<super::environment::Variable>>,
}
