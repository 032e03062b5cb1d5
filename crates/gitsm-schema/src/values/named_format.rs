//! The formats of the Kubernetes CEL `format` library, by name.

use super::names;
use super::url::Url;
use crate::formats;

/// A named string format with a check that says what is wrong.
#[derive(Debug)]
pub struct NamedFormat {
    name: &'static str,
    max_regex_size: u64,
    check: fn(&str) -> Vec<String>,
}

impl NamedFormat {
    /// The name under which [`named_format`] finds it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The length of the longest pattern the check stands for, by which upstream estimates its cost.
    pub fn max_regex_size(&self) -> u64 {
        self.max_regex_size
    }

    /// Everything that is wrong with `text`, in the words of the API server; empty when it has the format.
    pub fn validate(&self, text: &str) -> Vec<String> {
        (self.check)(text)
    }
}

impl PartialEq for NamedFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamedFormat {}

/// The format called `name`, as `format.named(name)` finds it.
pub fn named_format(name: &str) -> Option<&'static NamedFormat> {
    FORMATS.iter().find(|format| format.name == name)
}

static FORMATS: [NamedFormat; 13] = [
    NamedFormat {
        name: "dns1123Label",
        max_regex_size: 30,
        check: names::dns1123_label,
    },
    NamedFormat {
        name: "dns1123Subdomain",
        max_regex_size: 60,
        check: names::dns1123_subdomain,
    },
    NamedFormat {
        name: "dns1035Label",
        max_regex_size: 30,
        check: names::dns1035_label,
    },
    NamedFormat {
        name: "qualifiedName",
        max_regex_size: 60,
        check: names::qualified_name,
    },
    NamedFormat {
        name: "dns1123LabelPrefix",
        max_regex_size: 30,
        check: |text| names::dns1123_label(&names::mask_trailing_dash(text)),
    },
    NamedFormat {
        name: "dns1123SubdomainPrefix",
        max_regex_size: 60,
        check: |text| names::dns1123_subdomain(&names::mask_trailing_dash(text)),
    },
    NamedFormat {
        name: "dns1035LabelPrefix",
        max_regex_size: 30,
        check: |text| names::dns1035_label(&names::mask_trailing_dash(text)),
    },
    NamedFormat {
        name: "labelValue",
        max_regex_size: 40,
        check: names::label_value,
    },
    NamedFormat {
        name: "uri",
        max_regex_size: 1_103,
        check: check_uri,
    },
    NamedFormat {
        name: "uuid",
        max_regex_size: 70,
        check: |text| unless(formats::is_uuid(text), "does not match the UUID format"),
    },
    NamedFormat {
        name: "byte",
        max_regex_size: 84,
        check: |text| unless(formats::is_base64(text), "invalid base64"),
    },
    NamedFormat {
        name: "date",
        max_regex_size: 71,
        check: |text| unless(formats::is_date(text), "invalid date"),
    },
    NamedFormat {
        name: "datetime",
        max_regex_size: 71,
        check: |text| unless(formats::is_date_time(text), "invalid datetime"),
    },
];

fn check_uri(text: &str) -> Vec<String> {
    Url::check_request_uri(text)
        .err()
        .map(|error| error.to_string())
        .into_iter()
        .collect()
}

fn unless(valid: bool, message: &str) -> Vec<String> {
    if valid {
        Vec::new()
    } else {
        vec![message.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_accepts_and_refuses() {
        for (name, good, bad) in [
            ("dns1123Label", "web-1", "web.1"),
            ("dns1123Subdomain", "web.example", "web..example"),
            ("dns1035Label", "web", "1web"),
            ("qualifiedName", "a.example/b", "a b"),
            ("dns1123LabelPrefix", "web-", "Web-"),
            ("dns1123SubdomainPrefix", "a.web-", "a b-"),
            ("dns1035LabelPrefix", "web-", "9web-"),
            ("labelValue", "A_b.c", "!"),
            ("uri", "https://example.org/a?b#c", "not a uri"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
            ("byte", "AAAA", "AAA"),
            ("date", "2024-02-29", "2023-02-29"),
            ("datetime", "2024-02-29T23:59:59.5+01:00", "2024-02-29T24:00:00Z"),
        ] {
            let format = named_format(name).unwrap();
            assert_eq!(format.name(), name);
            assert_eq!(format.validate(good), Vec::<String>::new(), "{name}");
            assert_eq!(format.validate(bad).len(), 1, "{name}");
        }
        assert_eq!(
            named_format("uri").unwrap().validate("x y"),
            ["parse \"x y\": invalid URI for request"]
        );
        assert_eq!(named_format("unheard"), None);
    }
}
