//! Config maps, secrets and service accounts.

use super::complaints::{Complaints, at, entries, list_mut, text};
use super::strategy::Rules;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitsm_schema::{ErrorKind, FieldError, Path};
use serde_json::{Value, json};

/// Most bytes of the values of one config map or secret.
const MAX_SIZE: usize = 1024 * 1024;
/// The annotation that says whose token a secret holds.
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

pub(super) const CONFIG_MAP: Rules = Rules {
    ty: "core.v1.ConfigMap",
    validate: |map, complaints| {
        let mut size = 0;
        for (key, value) in entries(map, "data") {
            check_key(complaints, &at("data").key(key), key);
            if map["binaryData"].get(key).is_some() {
                let detail = "duplicate of key present in binaryData";
                complaints.invalid(at("data").key(key), key.as_str(), detail);
            }
            size += value.as_str().unwrap_or_default().len();
        }
        for (key, value) in entries(map, "binaryData") {
            check_key(complaints, &at("binaryData").key(key), key);
            size += decoded(value).len();
        }
        if size > MAX_SIZE {
            // An empty name instead of a path: the object as a whole.
            complaints.too_long(Path::root().field("[]"), MAX_SIZE);
        }
    },
    validate_update: |map, old, _, complaints| {
        check_immutable(map, old, &["data", "binaryData"], complaints);
    },
    ..Rules::NONE
};

pub(super) const SECRET: Rules = Rules {
    ty: "core.v1.Secret",
    default: |secret| {
        if text(secret, "type").is_empty() {
            secret["type"] = "Opaque".into();
        }
        take_string_data(secret);
    },
    validate: validate_secret,
    validate_update: |secret, old, _, complaints| {
        complaints.immutable(at("type"), &secret["type"], &old["type"]);
        check_immutable(secret, old, &["data"], complaints);
    },
    selectable: &["type"],
    ..Rules::NONE
};

pub(super) const SERVICE_ACCOUNT: Rules = Rules {
    ty: "core.v1.ServiceAccount",
    prepare_create: |account, _| keep_secret_names(account),
    prepare_update: |account, _, _| keep_secret_names(account),
    ..Rules::NONE
};

/// `stringData` is only written: its values go into `data`.
fn take_string_data(secret: &mut Value) {
    let Some(Value::Object(plain)) = secret
        .as_object_mut()
        .and_then(|fields| fields.remove("stringData"))
    else {
        return;
    };
    if plain.is_empty() {
        return;
    }
    if !secret["data"].is_object() {
        secret["data"] = json!({});
    }
    for (key, value) in plain {
        secret["data"][key] = STANDARD.encode(value.as_str().unwrap_or_default()).into();
    }
}

/// Of references to secrets only the name is kept.
fn keep_secret_names(account: &mut Value) {
    for secret in list_mut(account, "secrets") {
        let name = text(secret, "name").to_owned();
        *secret = if name.is_empty() {
            json!({})
        } else {
            json!({ "name": name })
        };
    }
}

fn decoded(value: &Value) -> Vec<u8> {
    let clean: String = value
        .as_str()
        .unwrap_or_default()
        .chars()
        .filter(|c| !matches!(c, '\n' | '\r'))
        .collect();
    STANDARD.decode(clean).unwrap_or_default()
}

fn check_key(complaints: &mut Complaints, path: &Path, key: &str) {
    if key.len() > 253 {
        complaints.invalid(path.clone(), key, "must be no more than 253 bytes");
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if key.is_empty() || !key.bytes().all(fits) {
        let detail = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  \
                      or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        complaints.invalid(path.clone(), key, detail);
    }
    if key == "." {
        complaints.invalid(path.clone(), key, "must not be '.'");
    } else if key == ".." {
        complaints.invalid(path.clone(), key, "must not be '..'");
    } else if key.starts_with("..") {
        complaints.invalid(path.clone(), key, "must not start with '..'");
    }
}

fn check_immutable(object: &Value, old: &Value, bags: &[&str], complaints: &mut Complaints) {
    if old["immutable"] != true {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if object["immutable"] != true {
        complaints.forbidden(at("immutable"), detail);
    }
    for bag in bags {
        if object[*bag] != old[*bag] {
            complaints.forbidden(at(bag), detail);
        }
    }
}

fn validate_secret(secret: &Value, complaints: &mut Complaints) {
    let mut size = 0;
    for (key, value) in entries(secret, "data") {
        check_key(complaints, &at("data").key(key), key);
        size += decoded(value).len();
    }
    if size > MAX_SIZE {
        complaints.too_long(at("data"), MAX_SIZE);
    }
    let data = &secret["data"];
    match text(secret, "type") {
        "kubernetes.io/service-account-token"
            if text(&secret["metadata"]["annotations"], ACCOUNT_NAME).is_empty() =>
        {
            complaints.required(at("metadata.annotations").key(ACCOUNT_NAME), "");
        }
        "kubernetes.io/dockercfg" => check_json(data, ".dockercfg", complaints),
        "kubernetes.io/dockerconfigjson" => check_json(data, ".dockerconfigjson", complaints),
        "kubernetes.io/basic-auth" if data.get("username").is_none() && data.get("password").is_none() => {
            // The odd path is upstream's.
            for key in ["username", "password"] {
                complaints.required(Path::root().field("data[%s]").key(key), "");
            }
        }
        "kubernetes.io/ssh-auth" if text(data, "ssh-privatekey").is_empty() => {
            complaints.required(Path::root().field("data[%s]").key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if data.get(key).is_none() {
                    complaints.required(at("data").key(key), "");
                }
            }
        }
        _ => {}
    }
}

/// The first character, where no JSON begins with it.
fn first_stray(text: &[u8]) -> Option<char> {
    let text = String::from_utf8_lossy(text);
    let first = text.trim_start().chars().next()?;
    let begins = matches!(first, '{' | '[' | '"' | '-' | 't' | 'f' | 'n') || first.is_ascii_digit();
    (!begins).then_some(first)
}

fn check_json(data: &Value, key: &str, complaints: &mut Complaints) {
    let path = at("data").key(key);
    let Some(value) = data.get(key) else {
        complaints.required(path, "");
        return;
    };
    let why = match serde_json::from_slice::<Value>(&decoded(value)) {
        Ok(Value::Object(_) | Value::Null) => return,
        Ok(other) => {
            let word = match other {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            format!("json: cannot unmarshal {word} into Go value of type map[string]interface {{}}")
        }
        Err(error) if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Err(error) => match first_stray(&decoded(value)) {
            Some(stray) => format!("invalid character '{stray}' looking for beginning of value"),
            None => error.to_string(),
        },
    };
    complaints.extend([
        FieldError::new(ErrorKind::Invalid, path, why).with_value("<secret contents redacted>".into())
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_secrets_are_kept() {
        let mut account = json!({"secrets": [{"name": "a", "namespace": "x"}, {"kind": "Secret"}]});
        keep_secret_names(&mut account);
        assert_eq!(account["secrets"], json!([{"name": "a"}, {}]));
    }
}
