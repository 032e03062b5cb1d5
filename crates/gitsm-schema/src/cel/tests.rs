//! Tests of the environment as a whole: messages, evaluation, budgets, hostile input.

use super::{
    Activation, Binding, DeclType, Environment, EvalError, MAX_NESTING, Phase, Timestamp, Type, Value,
};
use crate::structural::Structural;
use serde_json::{Value as Json, json};
use std::thread;

/// An environment in which `self` has this schema.
fn typed(schema: &Json) -> Environment {
    let schema = Structural::from_json(schema).unwrap();
    let decl = DeclType::from_structural(&schema, false, "selfType").unwrap();
    Environment::kubernetes().with_variable("self", decl)
}

fn object_schema() -> Json {
    json!({"type": "object", "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "if": {"type": "string"},
        "a-b": {"type": "string"},
        "port": {"x-kubernetes-int-or-string": true},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
            "items": {"type": "object", "properties": {"id": {"type": "integer"}, "to": {"type": "string"}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "at": {"type": "string", "format": "date-time"}
    }})
}

fn complaint(environment: &Environment, source: &str) -> String {
    environment
        .compile(source, Some(&Type::Bool))
        .unwrap_err()
        .to_string()
}

/// The truth of a rule about `object`, or the error in words.
fn judge(source: &str, object: &Json) -> Result<bool, String> {
    let environment = typed(&object_schema());
    let program = environment
        .compile(source, Some(&Type::Bool))
        .map_err(|error| error.to_string())?;
    let activation = Activation::new().with("self", Binding::Json(object));
    match program.evaluate(&activation) {
        Ok(Value::Bool(flag)) => Ok(flag),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn complaints_are_those_of_the_reference_checker() {
    let environment = typed(&object_schema());
    for (source, expected) in [
        (
            "self.nothing == 1",
            "ERROR: <input>:1:5: undefined field 'nothing'",
        ),
        (
            "self.name == 1",
            "ERROR: <input>:1:11: found no matching overload for '_==_' applied to '(string, int)'",
        ),
        (
            "self.name != null",
            "ERROR: <input>:1:11: found no matching overload for '_!=_' applied to '(string, null)'",
        ),
        (
            "other == 1",
            "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')",
        ),
        (
            "self.name.size(1) == 1",
            "ERROR: <input>:1:15: found no matching overload for 'size' applied to 'string.(int)'",
        ),
        (
            "true &&\n  self.name",
            "ERROR: <input>:2:7: expected type 'bool' but found 'string'",
        ),
        (
            "self.count.all(x, true)",
            "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or \
             dynamic)",
        ),
        (
            "[1, 'a'].size() == 2",
            "ERROR: <input>:1:5: expected type 'int' but found 'string'",
        ),
        (
            "duration('1d') > duration('1h')",
            "ERROR: <input>:1:10: invalid duration argument",
        ),
        (
            "self.name.matches('x++')",
            "ERROR: <input>:1:19: invalid matches argument",
        ),
        ("has(self)", "ERROR: <input>:1:5: invalid argument to has() macro"),
        (
            "self.name",
            "ERROR: <input>:1:1: cel expression must evaluate to a bool",
        ),
        (
            "'%d'.format(['a']) == '1'",
            "ERROR: <input>:1:14: error during formatting: %d does not take values of type string",
        ),
        (
            "'%s %s'.format(['a']) == '1'",
            "ERROR: <input>:1:1: index 1 out of range",
        ),
        (
            "'%s'.format(['a', ['b']]) == '1'",
            "ERROR: <input>:1:1: too many arguments supplied to string.format (expected 1, got 2)",
        ),
        (
            "'ä' + 1 == 'b'",
            "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'",
        ),
    ] {
        assert_eq!(complaint(&environment, source), expected);
    }
}

#[test]
fn what_kubernetes_leaves_out_is_refused() {
    let environment = typed(&object_schema());
    for (source, expected) in [
        ("cel.bind(x, 1, x == 1)", "undeclared reference to 'bind'"),
        ("math.greatest(1, 2) == 2", "undeclared reference to 'greatest'"),
        (
            "'ab'.reverse() == 'ba'",
            "found no matching overload for 'reverse' applied to 'string.()'",
        ),
        (
            "base64.encode(b'a') == 'YQ=='",
            "undeclared reference to 'encode'",
        ),
        (
            "matches(self.name, 'x++')",
            "invalid nested repetition operator: `++`",
        ),
    ] {
        let complaint = complaint(&environment, source);
        assert!(complaint.contains(expected), "{complaint}");
    }
    let refused = Environment::kubernetes()
        .with_variable("authorizer", DeclType::json())
        .compile(
            "authorizer.group('').resource('pods').check('get').allowed()",
            None,
        )
        .unwrap_err();
    assert_eq!(refused.phase, Phase::Unsupported);
}

#[test]
fn data_is_read_by_its_schema() {
    let object = json!({
        "name": "x", "count": 3, "ratio": 2, "if": "y", "a-b": "z", "port": "http",
        "tags": ["a", "b"], "labels": {"k": "v"}, "at": "2027-01-02T03:04:05Z",
        "ports": [{"id": 1, "to": "a"}, {"id": 2, "to": "b"}]
    });
    for rule in [
        "self.ratio == 2.0 && type(self.ratio) == double",
        "self.__if__ == 'y' && self.if == 'y' && self.a__dash__b == 'z'",
        "self.port == 'http' && self.port != 80",
        "self.tags == ['b', 'a'] && self.tags + ['a', 'c'] == ['c', 'b', 'a']",
        "self.ports == [self.ports[1], self.ports[0]]",
        "(self.ports + self.ports).size() == 2",
        "self.labels['k'] == 'v' && 'k' in self.labels && self.labels.all(k, v, v == 'v')",
        "self.at.getFullYear() == 2027 && self.at + duration('1h') > self.at",
        "has(self.name) && !has(self.labels.other)",
        "self.?labels.?k.orValue('none') == 'v' && self.labels[?'x'].orValue('none') == 'none'",
        "self.tags.map(t, t + '!').exists(t, t == 'b!') && self.tags.exists_one(t, t == 'a')",
        "self.count > 2u && self.count < 3.5",
        "'%s has %d'.format([self.name, self.count]) == 'x has 3'",
    ] {
        assert_eq!(judge(rule, &object), Ok(true), "{rule}");
    }
}

#[test]
fn errors_give_way_to_a_deciding_value() {
    let object = json!({"count": 0, "tags": ["a"]});
    for (rule, expected) in [
        ("1 / self.count == 1 || true", Ok(true)),
        ("false && 1 / self.count == 1", Ok(false)),
        ("1 / self.count == 1 && true", Err("division by zero".to_owned())),
        ("[0, 1].exists(x, 1 / x == 1)", Ok(true)),
        ("[0, 2].exists(x, 1 / x == 1)", Err("division by zero".to_owned())),
        ("self.name == 'x'", Err("no such key: name".to_owned())),
        ("self.tags[3] == 'x'", Err("index out of bounds: 3".to_owned())),
        (
            "9223372036854775807 + self.count + 1 > 0",
            Err("integer overflow".to_owned()),
        ),
    ] {
        assert_eq!(judge(rule, &object), expected, "{rule}");
    }
}

#[test]
fn data_that_does_not_fit_its_schema_is_an_error() {
    for (object, expected) in [
        (json!({"count": "3"}), "invalid data, expected int, got string"),
        (json!({"count": 3.5}), "invalid data, expected int, got float64"),
    ] {
        assert_eq!(judge("self.count == 3", &object), Err(expected.to_owned()));
    }
    assert_eq!(judge("has(self.count)", &json!({"count": null})), Ok(false));
}

#[test]
fn variables_can_be_values_and_bare_json() {
    let environment = Environment::kubernetes()
        .with_variable("object", DeclType::json())
        .with_variable("now", DeclType::value(Type::Timestamp));
    let source = "timestamp(object.spec.until) < now && object.spec.weights.all(w, w >= 1)";
    let program = environment.compile(source, Some(&Type::Bool)).unwrap();
    assert!(program.uses("now") && !program.uses("params"));
    assert_eq!(program.variables().collect::<Vec<_>>(), ["object", "now"]);
    let object = json!({"spec": {"until": "2027-01-01T00:00:00Z", "weights": [1, 1.5]}});
    let now: jiff::Timestamp = "2027-01-02T00:00:00Z".parse().unwrap();
    let activation = Activation::new()
        .with("object", Binding::Json(&object))
        .with("now", Binding::Value(Value::Timestamp(Timestamp::from(now))));
    assert!(matches!(program.evaluate(&activation), Ok(Value::Bool(true))));
    let missing = Activation::new().with("object", Binding::Json(&object));
    assert!(
        program.evaluate(&missing).is_err(),
        "an unbound variable is an error"
    );
}

#[test]
fn a_budget_bounds_every_evaluation() {
    let hundred = "[0,1,2,3,4,5,6,7,8,9]";
    let nested = format!(
        "{hundred}.all(a, {hundred}.all(b, {hundred}.all(c, {hundred}.all(d, {hundred}.all(e, {hundred}.all(f, \
         {hundred}.all(g, {hundred}.all(h, true))))))))"
    );
    let doubling = "lists.range(60).map(x, 'x').map(x, x + x).join().size() > 0".to_owned();
    let replacing =
        "'aaaaaaaaaa'.replace('a', 'bbbbbbbbbb').replace('b', 'cccccccccc').replace('c', 'dddddddddd')\
                     .replace('d', 'eeeeeeeeee').replace('e', 'ffffffffff').replace('f', 'gggggggggg')\
                     .replace('g', 'hhhhhhhhhh').replace('h', 'iiiiiiiiii').size() > 0"
            .to_owned();
    let range = "lists.range(9223372036854775807).size() > 0".to_owned();
    for (source, is_bounded) in [
        (nested, true),
        (doubling, false),
        (replacing, true),
        (range, true),
    ] {
        let program = Environment::kubernetes()
            .compile(&source, Some(&Type::Bool))
            .unwrap();
        let activation = Activation::new();
        let result = program.evaluate(&activation);
        assert_eq!(
            matches!(result, Err(EvalError::BudgetExceeded)),
            is_bounded,
            "{source}"
        );
    }
    let program = Environment::kubernetes()
        .compile("1 + 1 == 2 || false", None)
        .unwrap();
    let activation = Activation::new();
    let mut steps = 100;
    assert!(program.evaluate_within(&activation, &mut steps).is_ok());
    assert_eq!(steps, 98, "an addition and a comparison cost one each");
    assert!(matches!(
        program.evaluate_within(&activation, &mut 1),
        Err(EvalError::BudgetExceeded)
    ));
}

/// Compiles and, if it compiles, evaluates an expression on a thread with a 2 MiB stack.
fn survive(source: String) -> Result<(), String> {
    let run = move || {
        let object = json!({"spec": {"a": 1}});
        let environment = Environment::kubernetes().with_variable("self", DeclType::json());
        let program = environment
            .compile(&source, None)
            .map_err(|error| error.to_string())?;
        let activation = Activation::new().with("self", Binding::Json(&object));
        let _ = program.evaluate(&activation);
        Ok(())
    };
    let spawned = thread::Builder::new().stack_size(2 << 20).spawn(run);
    let joined = spawned.map(thread::JoinHandle::join);
    joined
        .map_err(|error| error.to_string())?
        .unwrap_or_else(|_| panic!("an expression made the compiler panic"))
}

#[test]
fn hostile_input_is_refused_or_evaluated_but_never_overflows_the_stack() {
    let repeated = |part: &str, count: usize| part.repeat(count);
    let refused = [
        format!("1{}", repeated("+1", 5_000)),
        repeated("[", 5_000),
        format!("{}1{}", repeated("[", 5_000), repeated("]", 5_000)),
        format!("{}1{}", repeated("(", 60), repeated(")", 60)),
        format!("{}true", repeated("!", 9_000)),
        format!("self{}", repeated(".a", 2_000)),
        format!("self{}", repeated("[0]", 1_500)),
        format!("1{}", repeated(" in [1]", 700)),
        repeated("'", 10_000),
        repeated("{", 40),
        repeated("a ? b : ", 1_000),
        "\u{0}\u{1}".to_owned(),
        String::new(),
    ];
    for source in refused {
        let start: String = source.chars().take(20).collect();
        assert!(survive(source).is_err(), "{start}");
    }
    let accepted = [
        format!("1{}", repeated("+1", 200)),
        format!("true{}", repeated(" && true", 900)),
        format!("true{}", repeated(" || self.x", 600)),
        format!("{}1{}", repeated("(", 40), repeated(")", 40)),
        format!(
            "{}1{}",
            repeated("[", MAX_NESTING - 1),
            repeated("]", MAX_NESTING - 1)
        ),
        format!("self{}", repeated(".a", 120)),
        format!("{}1", repeated("true ? 1 : ", 60)),
        format!("'a'{}", repeated(".trim()", 120)),
        format!("self{}", repeated(".?a", 120)),
        format!(
            "{}{}",
            repeated("[1].map(x, ", 40),
            "1".to_owned() + &repeated(")", 40)
        ),
    ];
    for source in accepted {
        let start: String = source.chars().take(20).collect();
        assert_eq!(survive(source), Ok(()), "{start}");
    }
}

#[test]
fn deep_data_is_compared_and_printed_within_bounds() {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let environment = Environment::kubernetes().with_variable("self", DeclType::json());
    let activation = Activation::new().with("self", Binding::Json(&deep));
    let equal = environment.compile("self == self", None).unwrap();
    assert!(matches!(equal.evaluate(&activation), Ok(Value::Bool(true))));
    let printed = environment.compile("'%s'.format([self])", None).unwrap();
    assert!(printed.evaluate(&activation).is_err());
    let mut deeper = deep.clone();
    for _ in 0..400 {
        deeper = json!([deeper]);
    }
    let activation = Activation::new().with("self", Binding::Json(&deeper));
    assert!(equal.evaluate(&activation).is_err());
    let grown = environment
        .compile("lists.range(5000).map(x, self).size() == 5000", None)
        .unwrap();
    assert!(matches!(grown.evaluate(&activation), Ok(Value::Bool(true))));
}

#[test]
fn sorting_is_total_and_stable() {
    let program = Environment::kubernetes()
        .compile("[2.0, double('NaN'), 1.0].sort().map(x, string(x))", None)
        .unwrap();
    let activation = Activation::new();
    let Ok(Value::List(list)) = program.evaluate(&activation) else {
        panic!("a list is expected")
    };
    let printed: Vec<String> = list
        .iter()
        .map(|value| match value {
            Ok(Value::String(text)) => text.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(printed, ["1", "2", "NaN"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_is_compiled_or_refused(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "self", ".", "a", "?", ":", "(", ")", "[", "]", "{", "}", "+", "-", "!", "==", "in", "&&", "||", "'",
                "\"", "1", "2u", "1.5", "\\", "has", "map", "x", ",", " ", "`", "//", "\n", "ä", "r'", "b\"", "\0",
            ]),
            0..40,
        )
    ) {
        let source: String = words.concat();
        let environment = Environment::kubernetes().with_variable("self", DeclType::json());
        let object = json!({"a": [1, {"x": "y"}]});
        if let Ok(program) = environment.compile(&source, None) {
            let activation = Activation::new().with("self", Binding::Json(&object));
            let _ = program.evaluate(&activation);
        }
    }
}
