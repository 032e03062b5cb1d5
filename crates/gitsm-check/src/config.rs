//! `gitsm.yaml`, the configuration at the root of an estate.
//!
//! It can raise or lower rules, but not below what keeps an estate sound: errors of the groups GS1xx (syntax),
//! GS2xx (schema) and GS3xx (references), values that gitsm cannot read, policies that cannot be evaluated and the
//! `deny` rules of a `RecordPolicy` stay errors. When a range of
//! commits is judged, the base's file counts, so that a change cannot lower the bar it is measured by.

use crate::diagnostic::{Level, RuleId};
use crate::rules;
use crate::yaml::{self, Limits};
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::Value;
use std::collections::BTreeMap;

/// The name of the file.
pub const FILE_NAME: &str = "gitsm.yaml";

/// The settings of an estate.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Globs of files to read; empty means all manifests.
    include: Option<GlobSet>,
    /// Globs of files to leave out.
    exclude: Option<GlobSet>,
    /// Folders or files, relative to the estate, whose `RecordPolicy` objects are evaluated too.
    policies: Vec<String>,
    levels: BTreeMap<String, Setting>,
}

/// What a rule is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Off,
    At(Level),
}

/// Why `gitsm.yaml` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ConfigError {
    /// The setting at fault, for example `levels.GS404`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

const KEYS: [&str; 4] = ["include", "exclude", "policies", "levels"];

impl Config {
    /// Reads the settings from the text of a `gitsm.yaml`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for what is no YAML, and as [`Config::from_value`].
    pub fn read(bytes: &[u8]) -> Result<Self, ConfigError> {
        let read = yaml::read(bytes, &Limits::default());
        if let Some(problem) = read.problems.iter().find(|problem| problem.is_error()) {
            return Err(error(
                &format!("line {}", problem.span.start.line),
                problem.message.clone(),
            ));
        }
        match &*read.documents {
            [] => Ok(Self::default()),
            [document] => Self::from_value(&document.root.to_json()),
            [_, second, ..] => Err(error(
                &format!("line {}", second.root.span.start.line),
                "is a second document, and settings are one",
            )),
        }
    }

    /// Reads the settings from the parsed file.
    ///
    /// # Errors
    ///
    /// An unknown setting, rule or level, a glob that does not parse, or a level that would lower a rule
    /// which must stay an error.
    pub fn from_value(value: &Value) -> Result<Self, ConfigError> {
        let map = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(map) => map,
            _ => {
                return Err(error(
                    "gitsm.yaml",
                    "must be a map of settings, for example `levels: {GS404: warning}`",
                ));
            }
        };
        if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(error(
                unknown,
                format!("is not a setting; the settings are {}", KEYS.join(", ")),
            ));
        }
        Ok(Self {
            include: globs(map.get("include"), "include")?,
            exclude: globs(map.get("exclude"), "exclude")?,
            policies: strings(map.get("policies"), "policies")?,
            levels: levels(map.get("levels"))?,
        })
    }

    /// Whether the file at this path, relative to the estate, is to be read.
    pub fn selects(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(path))
            && !self.exclude.as_ref().is_some_and(|set| set.is_match(path))
    }

    /// Further places of policies, relative to the estate.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// The level at which a finding of `rule` is reported; `None` when the rule is off.
    pub fn level(&self, rule: &RuleId, default: Level) -> Option<Level> {
        match self
            .levels
            .get(rule.as_str())
            .or_else(|| self.levels.get(rule.code()))
        {
            None => Some(default),
            Some(Setting::Off) => None,
            Some(Setting::At(level)) => Some(*level),
        }
    }
}

/// Whether findings of this rule must stay errors whatever an estate or a comment says.
///
/// `default` is the level the rule reports at; warnings of the protected groups may be changed. Beside these
/// groups it is what no controller could read (GS406), and policies that could not speak (GS408, GS502): an
/// author who silences those would be free of a policy that denies.
pub fn is_protected(code: &str, default: Level) -> bool {
    default == Level::Error
        && (["GS1", "GS2", "GS3"].iter().any(|group| code.starts_with(group))
            || ["GS406", "GS408", "GS502"].contains(&code))
}

fn error(field: &str, message: impl Into<String>) -> ConfigError {
    ConfigError {
        field: field.to_owned(),
        message: message.into(),
    }
}

fn strings(value: Option<&Value>, field: &str) -> Result<Vec<String>, ConfigError> {
    let list = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(error(field, "must be a list of strings")),
    };
    list.iter()
        .enumerate()
        .map(|(index, item)| match item.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(error(&format!("{field}[{index}]"), "must be a string")),
        })
        .collect()
}

fn globs(value: Option<&Value>, field: &str) -> Result<Option<GlobSet>, ConfigError> {
    let patterns = strings(value, field)?;
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for (index, pattern) in patterns.iter().enumerate() {
        let at = format!("{field}[{index}]");
        set.add(Glob::new(pattern).map_err(|cause| error(&at, cause.to_string()))?);
    }
    set.build()
        .map(Some)
        .map_err(|cause| error(field, cause.to_string()))
}

fn levels(value: Option<&Value>) -> Result<BTreeMap<String, Setting>, ConfigError> {
    let map = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(map)) => map,
        Some(_) => {
            return Err(error(
                "levels",
                "must be a map of rule to level, for example `GS404: warning`",
            ));
        }
    };
    let mut levels = BTreeMap::new();
    for (id, level) in map {
        let field = format!("levels.{id}");
        let code = id.split('/').next().unwrap_or(id);
        let Some(rule) = rules::find(code) else {
            return Err(error(&field, "is not a rule; `gitsm explain` lists them"));
        };
        let setting = match level {
            // YAML 1.1 reads a plain `off` as false.
            Value::Bool(false) => Setting::Off,
            Value::String(word) => match word.as_str() {
                "off" => Setting::Off,
                "note" => Setting::At(Level::Note),
                "warning" => Setting::At(Level::Warning),
                "error" => Setting::At(Level::Error),
                _ => {
                    return Err(error(
                        &field,
                        format!("{word:?} is not a level; use off, note, warning or error"),
                    ));
                }
            },
            _ => return Err(error(&field, "must be off, note, warning or error")),
        };
        if is_protected(rule.id, rule.level) && setting != Setting::At(Level::Error) {
            return Err(error(
                &field,
                format!(
                    "{} ({}) keeps the estate sound and cannot be lowered",
                    rule.id, rule.name
                ),
            ));
        }
        levels.insert(id.replacen(code, rule.id, 1), setting);
    }
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_setting_is_named() {
        let error = Config::from_value(&json!({"level": {}})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "level: is not a setting; the settings are include, exclude, policies, levels"
        );
    }

    #[test]
    fn include_and_exclude_select_files() {
        let config = Config::from_value(&json!({"include": ["a/**"], "exclude": ["a/b/**"]})).unwrap();
        assert!(config.selects("a/x.yaml"));
        assert!(!config.selects("a/b/x.yaml"));
        assert!(!config.selects("c/x.yaml"));
    }

    #[test]
    fn an_error_of_a_protected_group_cannot_be_lowered() {
        for level in [json!(false), json!("off"), json!("note"), json!("warning")] {
            for rule in ["GS301", "GS406", "GS408", "GS502"] {
                let error = Config::from_value(&json!({"levels": {rule: level}})).unwrap_err();
                assert_eq!(error.field, format!("levels.{rule}"));
            }
        }
        Config::from_value(&json!({"levels": {"GS301": "error"}})).unwrap();
    }

    #[test]
    fn a_level_applies_to_the_rule_and_its_policies() {
        let config =
            Config::from_value(&json!({"levels": {"GS402": "off", "GS501/a/b": "note", "GS501": "warning"}}))
                .unwrap();
        assert_eq!(config.level(&RuleId::builtin("GS402"), Level::Warning), None);
        assert_eq!(
            config.level(&RuleId::policy("a", "b"), Level::Warning),
            Some(Level::Note)
        );
        assert_eq!(
            config.level(&RuleId::policy("a", "c"), Level::Note),
            Some(Level::Warning)
        );
        assert_eq!(
            config.level(&RuleId::builtin("GS403"), Level::Error),
            Some(Level::Error)
        );
    }
}
