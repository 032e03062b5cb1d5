//! The budget of the API server for the rules of a CRD.

use super::bounds::Bounds;
use crate::cel::decl::{DeclKind, DeclType};
use crate::cel::environment::Environment;
use crate::cel::escape::escape;
use crate::cel::limits;
use crate::cel::types::Type;
use crate::error::{ErrorKind, FieldError};
use crate::path::Path;
use crate::structural::{AdditionalProperties, SchemaType, Structural, ValidationRule};

/// What one rule or message may cost at most, times how often its node can occur.
pub const EXPRESSION_LIMIT: u64 = 10_000_000;
/// What all rules and messages of a schema may cost together.
pub const CRD_LIMIT: u64 = 100_000_000;
/// How many of the most expensive rules are named when the total is too large.
const NAMED: usize = 4;

/// What the rules at one node of a schema cost at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCosts {
    /// How often data of the node fits into the largest request: how often a rule runs where no list or map
    /// around the node is limited.
    pub max_cardinality: u64,
    /// One entry for each rule, in order.
    pub rules: Vec<RuleCosts>,
}

/// What one rule costs at most, each time it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCosts {
    /// The rule; zero for one that cannot be compiled.
    pub rule: u64,
    /// Its `messageExpression`; zero where there is none or it cannot be compiled.
    pub message: u64,
    /// Whether the rule names `oldSelf`.
    pub uses_old_self: bool,
}

/// The data of a node as expressions see it.
struct Seen<'s> {
    decl: &'s DeclType,
    bounds: &'s Bounds,
}

/// What the rules at the root of `schema` cost, without those below it.
///
/// `None` where expressions cannot see the data of the node.
pub fn of_node(schema: &Structural, is_resource_root: bool) -> Option<NodeCosts> {
    let estimate = || {
        let decl = DeclType::from_structural(schema, is_resource_root, SELF_TYPE)?;
        let bounds = Bounds::of(schema, is_resource_root)?;
        let seen = Seen {
            decl: &decl,
            bounds: &bounds,
        };
        let costs = schema
            .extensions
            .validations
            .iter()
            .map(|rule| rule_costs(rule, &seen));
        Some(NodeCosts {
            max_cardinality: bounds.max_cardinality(),
            rules: costs.collect(),
        })
    };
    limits::on_large_stack(estimate).ok().flatten()
}

/// What is too expensive in the rules of a schema; `path` is where the schema stands in the CRD.
///
/// The complaints are those of the API server when a CRD with this schema is created. Rules that cannot be
/// compiled cost nothing here; [`CompiledRules::compile`](crate::cel::CompiledRules::compile) refuses them.
pub fn check(schema: &Structural, is_resource_root: bool, path: &Path) -> Vec<FieldError> {
    judge(schema, is_resource_root, path, true)
}

/// As [`check`] for a CRD that is updated and whose schema stays as it is: single expressions may cost more than
/// [`EXPRESSION_LIMIT`] then, as a CRD from before a change of the limits may have them.
pub fn check_total(schema: &Structural, is_resource_root: bool, path: &Path) -> Vec<FieldError> {
    judge(schema, is_resource_root, path, false)
}

fn judge(
    schema: &Structural,
    is_resource_root: bool,
    path: &Path,
    limits_expressions: bool,
) -> Vec<FieldError> {
    let work = || {
        let mut budget = Budget {
            errors: Vec::new(),
            path: path.clone(),
            limits_expressions,
            total: 0,
            expensive: Vec::new(),
        };
        budget.node(schema, is_resource_root, None, Some(1));
        budget.finish(path)
    };
    limits::on_large_stack(work).unwrap_or_else(|error| {
        let detail = format!("the cost of the rules cannot be estimated: {error}");
        vec![FieldError::new(ErrorKind::Internal, path.clone(), detail)]
    })
}

/// The name of the type of a node in rules.
const SELF_TYPE: &str = "selfType";

/// One walk over a schema.
struct Budget {
    errors: Vec<FieldError>,
    path: Path,
    limits_expressions: bool,
    total: u64,
    /// The most expensive expressions, most expensive first.
    expensive: Vec<(Path, u64)>,
}

impl Budget {
    /// Judges what is below a node and then its own rules.
    ///
    /// `seen` is how the rules of a node above see this one, if there are any; `cardinality` is how often the
    /// node can occur, if every list and map around it is limited.
    fn node(
        &mut self,
        schema: &Structural,
        is_resource_root: bool,
        seen: Option<Seen<'_>>,
        cardinality: Option<u64>,
    ) {
        let rules = &schema.extensions.validations;
        let own;
        let mut seen = seen;
        if seen.is_none() && !rules.is_empty() {
            own = DeclType::from_structural(schema, is_resource_root, SELF_TYPE)
                .zip(Bounds::of(schema, is_resource_root));
            seen = own.as_ref().map(|(decl, bounds)| Seen { decl, bounds });
        }
        let inside = cardinality
            .zip(max_elements(schema))
            .map(|(around, here)| around.saturating_mul(here));
        let embedded = |schema: &Structural| schema.extensions.embedded_resource;
        if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
            let below = seen.as_ref().and_then(|seen| seen.element("@values"));
            self.inside(["additionalProperties"], |budget| {
                budget.node(values, embedded(values), below, inside);
            });
        }
        for (name, property) in &schema.properties {
            let below = seen.as_ref().and_then(|seen| seen.field(name));
            self.path
                .push(crate::path::Segment::Field("properties".to_owned()));
            self.path.push(crate::path::Segment::Key(name.clone()));
            self.node(property, embedded(property), below, inside);
            self.path.pop();
            self.path.pop();
        }
        if let Some(items) = schema.items.as_deref() {
            let below = seen.as_ref().and_then(|seen| seen.element("@items"));
            self.inside(["items"], |budget| {
                budget.node(items, embedded(items), below, inside);
            });
        }
        if let Some(seen) = &seen {
            for (position, rule) in rules.iter().enumerate() {
                let path = self.path.field("x-kubernetes-validations").index(position);
                self.rule(rule, seen, cardinality, &path);
            }
        }
    }

    fn inside<const N: usize>(&mut self, steps: [&str; N], work: impl FnOnce(&mut Self)) {
        for step in steps {
            self.path.push(crate::path::Segment::Field(step.to_owned()));
        }
        work(self);
        for _ in steps {
            self.path.pop();
        }
    }

    fn rule(&mut self, rule: &ValidationRule, seen: &Seen<'_>, cardinality: Option<u64>, path: &Path) {
        let costs = rule_costs(rule, seen);
        let times = cardinality.unwrap_or_else(|| seen.bounds.max_cardinality());
        let cost = costs.rule.saturating_mul(times);
        self.expression("estimated rule cost", cost, path.field("rule"));
        // A message is computed for one failed rule, whatever the number of nodes.
        let path = path.field("messageExpression");
        self.expression("estimated messageExpression cost", costs.message, path);
    }

    fn expression(&mut self, what: &str, cost: u64, path: Path) {
        self.total = self.total.saturating_add(cost);
        if self.limits_expressions && cost > EXPRESSION_LIMIT {
            self.forbid(path.clone(), too_expensive(what, cost, EXPRESSION_LIMIT));
        }
        if cost >= CRD_LIMIT / 100 {
            self.expensive.push((path, cost));
            self.expensive.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
            self.expensive.truncate(NAMED);
        }
    }

    fn forbid(&mut self, path: Path, detail: String) {
        self.errors
            .push(FieldError::new(ErrorKind::Forbidden, path, detail));
    }

    fn finish(mut self, schema: &Path) -> Vec<FieldError> {
        if self.total > CRD_LIMIT {
            for (path, _) in std::mem::take(&mut self.expensive) {
                let detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
                self.forbid(path, detail.to_owned());
            }
            let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
            self.forbid(schema.clone(), too_expensive(what, self.total, CRD_LIMIT));
        }
        self.errors
    }
}

impl<'s> Seen<'s> {
    /// The elements of a list or the values of a map.
    fn element(&self, step: &str) -> Option<Seen<'s>> {
        let decl = match &self.decl.kind {
            DeclKind::List(list) => &list.item,
            DeclKind::Map(value) => value,
            _ => return None,
        };
        let bounds = self.bounds.step(step)?;
        Some(Seen { decl, bounds })
    }

    fn field(&self, property: &str) -> Option<Seen<'s>> {
        let identifier = escape(property)?;
        let DeclKind::Object(object) = &self.decl.kind else {
            return None;
        };
        let decl = &object.field(&identifier)?.decl;
        let bounds = self.bounds.step(&identifier)?;
        Some(Seen { decl, bounds })
    }
}

fn rule_costs(rule: &ValidationRule, seen: &Seen<'_>) -> RuleCosts {
    if rule.rule.trim().is_empty() {
        return RuleCosts::default();
    }
    let old_self = if rule.optional_old_self == Some(true) {
        seen.decl.clone().optional()
    } else {
        seen.decl.clone()
    };
    let environment = Environment::kubernetes()
        .with_variable("self", seen.decl.clone())
        .with_variable("oldSelf", old_self);
    let compiled = environment.compile_with_cost(&rule.rule, Some(&Type::Bool), seen.bounds);
    let Ok((program, cost)) = compiled else {
        return RuleCosts::default();
    };
    let message = rule.message_expression.as_deref().filter(|text| !text.is_empty());
    let message = message.map(|text| environment.compile_with_cost(text, Some(&Type::String), seen.bounds));
    RuleCosts {
        rule: cost,
        message: match message {
            Some(Ok((_, cost))) => cost,
            _ => 0,
        },
        uses_old_self: program.uses("oldSelf"),
    }
}

/// By how much a node multiplies what is below it; `None` where nothing limits that.
fn max_elements(schema: &Structural) -> Option<u64> {
    match schema.ty {
        Some(SchemaType::Object) if schema.additional_properties.is_some() => schema.value.max_properties,
        Some(SchemaType::Array) => schema.value.max_items,
        _ => Some(1),
    }
}

/// The complaint of the API server about a cost above a limit.
#[expect(
    clippy::cast_precision_loss,
    reason = "the API server computes with doubles too, and prints one digit"
)]
fn too_expensive(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, \
         and maxLength where arrays, maps, and strings are declared)"
    )
}
