//! The Kubernetes libraries around the types of [`crate::values`].

use super::opaque::Opaque;
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, global, member};
use crate::cel::value::{Key, List, Map, Value};
use crate::values::{Cidr, Ip, Quantity, Semver, Url, named_format};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const NETWORK: &[Definition] = &[
    global("ip", &["string"], "net.IP", ip),
    global("isIP", &["string"], "bool", |_, a| {
        text(a, |text| Ok(Value::Bool(Ip::parse(text).is_ok())))
    }),
    global("ip.isCanonical", &["string"], "bool", |_, a| {
        text(a, |text| Ip::is_canonical(text).map(Value::Bool).map_err(failed))
    }),
    global("string", &["net.IP"], "string", print),
    member("net.IP", "family", &[], "int", |_, a| {
        on_ip(a, |ip| Value::Int(ip.family()))
    }),
    member("net.IP", "isUnspecified", &[], "bool", |_, a| {
        on_ip(a, |ip| Value::Bool(ip.is_unspecified()))
    }),
    member("net.IP", "isLoopback", &[], "bool", |_, a| {
        on_ip(a, |ip| Value::Bool(ip.is_loopback()))
    }),
    member("net.IP", "isLinkLocalMulticast", &[], "bool", |_, a| {
        on_ip(a, |ip| Value::Bool(ip.is_link_local_multicast()))
    }),
    member("net.IP", "isLinkLocalUnicast", &[], "bool", |_, a| {
        on_ip(a, |ip| Value::Bool(ip.is_link_local_unicast()))
    }),
    member("net.IP", "isGlobalUnicast", &[], "bool", |_, a| {
        on_ip(a, |ip| Value::Bool(ip.is_global_unicast()))
    }),
    global("cidr", &["string"], "net.CIDR", |_, a| {
        text(a, |text| {
            Cidr::parse(text)
                .map(|cidr| Value::Opaque(Opaque::Cidr(cidr)))
                .map_err(failed)
        })
    }),
    global("isCIDR", &["string"], "bool", |_, a| {
        text(a, |text| Ok(Value::Bool(Cidr::parse(text).is_ok())))
    }),
    global("string", &["net.CIDR"], "string", print),
    member("net.CIDR", "containsIP", &["string"], "bool", contains_ip),
    member("net.CIDR", "containsIP", &["net.IP"], "bool", contains_ip),
    member("net.CIDR", "containsCIDR", &["string"], "bool", contains_cidr),
    member("net.CIDR", "containsCIDR", &["net.CIDR"], "bool", contains_cidr),
    member("net.CIDR", "ip", &[], "net.IP", |_, a| {
        on_cidr(a, |cidr| Value::Opaque(Opaque::Ip(cidr.ip())))
    }),
    member("net.CIDR", "prefixLength", &[], "int", |_, a| {
        on_cidr(a, |cidr| Value::Int(cidr.prefix_length()))
    }),
    member("net.CIDR", "masked", &[], "net.CIDR", |_, a| {
        on_cidr(a, |cidr| Value::Opaque(Opaque::Cidr(cidr.masked())))
    }),
];

pub(super) const QUANTITIES: &[Definition] = &[
    global("quantity", &["string"], "kubernetes.Quantity", |_, a| {
        text(a, |text| {
            Quantity::parse(text).map(quantity_value).map_err(failed)
        })
    }),
    global("isQuantity", &["string"], "bool", |_, a| {
        text(a, |text| Ok(Value::Bool(Quantity::parse(text).is_ok())))
    }),
    global("sign", &["kubernetes.Quantity"], "int", |_, a| {
        on_quantity(a, |quantity| Ok(Value::Int(quantity.sign())))
    }),
    member(
        "kubernetes.Quantity",
        "isGreaterThan",
        &["kubernetes.Quantity"],
        "bool",
        |_, a| two_quantities(a, |a, b| Value::Bool(a > b)),
    ),
    member(
        "kubernetes.Quantity",
        "isLessThan",
        &["kubernetes.Quantity"],
        "bool",
        |_, a| two_quantities(a, |a, b| Value::Bool(a < b)),
    ),
    member(
        "kubernetes.Quantity",
        "compareTo",
        &["kubernetes.Quantity"],
        "int",
        |_, a| two_quantities(a, |a, b| ordering(a.cmp(b))),
    ),
    member(
        "kubernetes.Quantity",
        "asApproximateFloat",
        &[],
        "double",
        |_, a| on_quantity(a, |quantity| Ok(Value::Double(quantity.as_approximate_float()))),
    ),
    member("kubernetes.Quantity", "asInteger", &[], "int", |_, a| {
        on_quantity(a, |quantity| {
            let number = quantity.as_integer().map(Value::Int);
            number.ok_or_else(|| EvalError::new("cannot convert value to integer"))
        })
    }),
    member("kubernetes.Quantity", "isInteger", &[], "bool", |_, a| {
        on_quantity(a, |quantity| Ok(Value::Bool(quantity.is_integer())))
    }),
    member(
        "kubernetes.Quantity",
        "add",
        &["kubernetes.Quantity"],
        "kubernetes.Quantity",
        |_, a| two_quantities(a, |a, b| quantity_value(a + b)),
    ),
    member(
        "kubernetes.Quantity",
        "add",
        &["int"],
        "kubernetes.Quantity",
        |_, a| two_quantities(a, |a, b| quantity_value(a + b)),
    ),
    member(
        "kubernetes.Quantity",
        "sub",
        &["kubernetes.Quantity"],
        "kubernetes.Quantity",
        |_, a| two_quantities(a, |a, b| quantity_value(a - b)),
    ),
    member(
        "kubernetes.Quantity",
        "sub",
        &["int"],
        "kubernetes.Quantity",
        |_, a| two_quantities(a, |a, b| quantity_value(a - b)),
    ),
];

pub(super) const VERSIONS: &[Definition] = &[
    global("semver", &["string"], "kubernetes.Semver", |_, a| {
        version(a).map(semver_value)
    }),
    global("semver", &["string", "bool"], "kubernetes.Semver", |_, a| {
        version(a).map(semver_value)
    }),
    global("isSemver", &["string"], "bool", |_, a| {
        Ok(Value::Bool(version(a).is_ok()))
    }),
    global("isSemver", &["string", "bool"], "bool", |_, a| {
        Ok(Value::Bool(version(a).is_ok()))
    }),
    member(
        "kubernetes.Semver",
        "isGreaterThan",
        &["kubernetes.Semver"],
        "bool",
        |_, a| two_versions(a, |ordering| Value::Bool(ordering.is_gt())),
    ),
    member(
        "kubernetes.Semver",
        "isLessThan",
        &["kubernetes.Semver"],
        "bool",
        |_, a| two_versions(a, |ordering| Value::Bool(ordering.is_lt())),
    ),
    member(
        "kubernetes.Semver",
        "compareTo",
        &["kubernetes.Semver"],
        "int",
        |_, a| two_versions(a, ordering),
    ),
    member("kubernetes.Semver", "major", &[], "int", |_, a| {
        on_version(a, Semver::major)
    }),
    member("kubernetes.Semver", "minor", &[], "int", |_, a| {
        on_version(a, Semver::minor)
    }),
    member("kubernetes.Semver", "patch", &[], "int", |_, a| {
        on_version(a, Semver::patch)
    }),
];

pub(super) const URLS: &[Definition] = &[
    global("url", &["string"], "kubernetes.URL", |_, a| {
        text(a, |text| {
            Url::parse(text)
                .map(|url| Value::Opaque(Opaque::Url(Rc::new(url))))
                .map_err(failed)
        })
    }),
    global("isURL", &["string"], "bool", |_, a| {
        text(a, |text| Ok(Value::Bool(Url::parse(text).is_ok())))
    }),
    member("kubernetes.URL", "getScheme", &[], "string", |_, a| {
        on_url(a, |url| url.scheme().to_owned())
    }),
    member("kubernetes.URL", "getHost", &[], "string", |_, a| {
        on_url(a, |url| url.host().to_owned())
    }),
    member("kubernetes.URL", "getHostname", &[], "string", |_, a| {
        on_url(a, |url| url.hostname().to_owned())
    }),
    member("kubernetes.URL", "getPort", &[], "string", |_, a| {
        on_url(a, |url| url.port().to_owned())
    }),
    member("kubernetes.URL", "getEscapedPath", &[], "string", |_, a| {
        on_url(a, Url::escaped_path)
    }),
    member(
        "kubernetes.URL",
        "getQuery",
        &[],
        "map(string, list(string))",
        query,
    ),
];

pub(super) const FORMATS: &[Definition] = &[
    global(
        "format.named",
        &["string"],
        "optional(kubernetes.NamedFormat)",
        |_, a| {
            text(a, |name| {
                let format = named_format(name).map(|format| Rc::new(Value::Opaque(Opaque::Format(format))));
                Ok(Value::Optional(format))
            })
        },
    ),
    member(
        "kubernetes.NamedFormat",
        "validate",
        &["string"],
        "optional(list(string))",
        validate_format,
    ),
    global("format.dns1123Label", &[], "kubernetes.NamedFormat", |_, _| {
        format("dns1123Label")
    }),
    global(
        "format.dns1123Subdomain",
        &[],
        "kubernetes.NamedFormat",
        |_, _| format("dns1123Subdomain"),
    ),
    global("format.dns1035Label", &[], "kubernetes.NamedFormat", |_, _| {
        format("dns1035Label")
    }),
    global("format.qualifiedName", &[], "kubernetes.NamedFormat", |_, _| {
        format("qualifiedName")
    }),
    global(
        "format.dns1123LabelPrefix",
        &[],
        "kubernetes.NamedFormat",
        |_, _| format("dns1123LabelPrefix"),
    ),
    global(
        "format.dns1123SubdomainPrefix",
        &[],
        "kubernetes.NamedFormat",
        |_, _| format("dns1123SubdomainPrefix"),
    ),
    global(
        "format.dns1035LabelPrefix",
        &[],
        "kubernetes.NamedFormat",
        |_, _| format("dns1035LabelPrefix"),
    ),
    global("format.labelValue", &[], "kubernetes.NamedFormat", |_, _| {
        format("labelValue")
    }),
    global("format.uri", &[], "kubernetes.NamedFormat", |_, _| format("uri")),
    global("format.uuid", &[], "kubernetes.NamedFormat", |_, _| {
        format("uuid")
    }),
    global("format.byte", &[], "kubernetes.NamedFormat", |_, _| {
        format("byte")
    }),
    global("format.date", &[], "kubernetes.NamedFormat", |_, _| {
        format("date")
    }),
    global("format.datetime", &[], "kubernetes.NamedFormat", |_, _| {
        format("datetime")
    }),
];

fn failed(error: impl std::fmt::Display) -> EvalError {
    EvalError::new(error.to_string())
}

fn ordering<'a>(ordering: Ordering) -> Value<'a> {
    Value::Int(ordering as i64)
}

/// Calls with one text argument.
fn text<'a>(arguments: &[Value<'a>], run: impl Fn(&str) -> Result<'a>) -> Result<'a> {
    match arguments {
        [Value::String(text)] => run(text),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn print<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Opaque(value)] => Ok(Value::text(value.to_string())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn ip<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    text(arguments, |text| {
        Ip::parse(text)
            .map(|ip| Value::Opaque(Opaque::Ip(ip)))
            .map_err(failed)
    })
}

fn on_ip<'a>(arguments: &[Value<'a>], run: impl Fn(Ip) -> Value<'a>) -> Result<'a> {
    match arguments {
        [Value::Opaque(Opaque::Ip(ip))] => Ok(run(*ip)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn on_cidr<'a>(arguments: &[Value<'a>], run: impl Fn(Cidr) -> Value<'a>) -> Result<'a> {
    match arguments {
        [Value::Opaque(Opaque::Cidr(cidr))] => Ok(run(*cidr)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn contains_ip<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (cidr, ip) = match arguments {
        [Value::Opaque(Opaque::Cidr(cidr)), Value::Opaque(Opaque::Ip(ip))] => (cidr, *ip),
        [Value::Opaque(Opaque::Cidr(cidr)), Value::String(text)] => (cidr, Ip::parse(text).map_err(failed)?),
        _ => return Err(EvalError::NoSuchOverload),
    };
    Ok(Value::Bool(cidr.contains_ip(ip)))
}

fn contains_cidr<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (cidr, other) = match arguments {
        [
            Value::Opaque(Opaque::Cidr(cidr)),
            Value::Opaque(Opaque::Cidr(other)),
        ] => (cidr, *other),
        [Value::Opaque(Opaque::Cidr(cidr)), Value::String(text)] => {
            (cidr, Cidr::parse(text).map_err(failed)?)
        }
        _ => return Err(EvalError::NoSuchOverload),
    };
    Ok(Value::Bool(cidr.contains_cidr(other)))
}

fn quantity_value<'a>(quantity: Quantity) -> Value<'a> {
    Value::Opaque(Opaque::Quantity(Rc::new(quantity)))
}

fn on_quantity<'a>(arguments: &[Value<'a>], run: impl Fn(&Quantity) -> Result<'a>) -> Result<'a> {
    match arguments {
        [Value::Opaque(Opaque::Quantity(quantity))] => run(quantity),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn two_quantities<'a>(
    arguments: &[Value<'a>],
    run: impl Fn(&Quantity, &Quantity) -> Value<'a>,
) -> Result<'a> {
    match arguments {
        [
            Value::Opaque(Opaque::Quantity(a)),
            Value::Opaque(Opaque::Quantity(b)),
        ] => Ok(run(a, b)),
        [Value::Opaque(Opaque::Quantity(a)), Value::Int(b)] => Ok(run(a, &Quantity::from_integer(*b))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn semver_value<'a>(semver: Semver) -> Value<'a> {
    Value::Opaque(Opaque::Semver(Rc::new(semver)))
}

fn version(arguments: &[Value<'_>]) -> std::result::Result<Semver, EvalError> {
    match arguments {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => {
            Semver::parse(text).map_err(failed)
        }
        [Value::String(text), Value::Bool(true)] => Semver::parse_normalized(text).map_err(failed),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn two_versions<'a>(arguments: &[Value<'a>], run: impl Fn(Ordering) -> Value<'a>) -> Result<'a> {
    match arguments {
        [Value::Opaque(Opaque::Semver(a)), Value::Opaque(Opaque::Semver(b))] => Ok(run(a.cmp(b))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn on_version<'a>(arguments: &[Value<'a>], part: impl Fn(&Semver) -> u64) -> Result<'a> {
    match arguments {
        [Value::Opaque(Opaque::Semver(version))] => i64::try_from(part(version))
            .map(Value::Int)
            .map_err(|_| EvalError::overflow("integer")),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn on_url<'a>(arguments: &[Value<'a>], part: impl Fn(&Url) -> String) -> Result<'a> {
    match arguments {
        [Value::Opaque(Opaque::Url(url))] => Ok(Value::text(part(url))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn query<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::Opaque(Opaque::Url(url))] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    let query = url.query();
    meter.spend(query.values().map(Vec::len).sum())?;
    let entries: BTreeMap<Key<'a>, Value<'a>> = query
        .into_iter()
        .map(|(name, values)| {
            let values = values.into_iter().map(Value::text).collect();
            (Key::String(name.into()), Value::List(List::new(values)))
        })
        .collect();
    Ok(Value::Map(Map::Values(Rc::new(entries))))
}

fn format<'a>(name: &str) -> Result<'a> {
    let format = named_format(name).map(|format| Value::Opaque(Opaque::Format(format)));
    format.ok_or(EvalError::NoSuchOverload)
}

fn validate_format<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::Opaque(Opaque::Format(format)), Value::String(text)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    meter.spend_bytes(text.len())?;
    let complaints = format.validate(text);
    if complaints.is_empty() {
        return Ok(Value::Optional(None));
    }
    let complaints = complaints.into_iter().map(Value::text).collect();
    Ok(Value::some(Value::List(List::new(complaints))))
}
