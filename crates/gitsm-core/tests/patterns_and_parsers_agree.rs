//! Parser and published pattern of every text type must agree: an editor that follows the schema and gitsm
//! itself may not differ about a value.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use gitsm_core::ident::{
    BranchName, Digest, Email, FieldName, ForgeLogin, GitRevision, GitUrl, HttpUrl, LabelKey, LabelValue,
    RepositoryPath, ResourceName, RuleId, ServiceName,
};
use gitsm_core::time::{ClosingTime, Duration, Instant, LocalDate, LocalTime, ZoneName};
use gitsm_core::{Text, TextForm};
use proptest::prelude::*;
use proptest::string::string_regex;
use regex::Regex;

fn within_length<T: TextForm>(text: &str) -> bool {
    (T::MIN_LENGTH..=T::MAX_LENGTH).contains(&text.chars().count())
}

fn pattern<T: TextForm>() -> Regex {
    Regex::new(T::PATTERN).unwrap()
}

/// A text near `original`: as it is, or with one character replaced, removed or added.
fn nearby(original: String) -> impl Strategy<Value = String> {
    let characters = "aZ09-_./:@+ \u{e4}\n[]hmsTZ".chars().collect::<Vec<_>>();
    (
        0..=original.chars().count(),
        0..4,
        proptest::sample::select(characters),
    )
        .prop_map(move |(place, action, character)| {
            let mut text: Vec<char> = original.chars().collect();
            match action {
                0 => {}
                1 if place < text.len() => text[place] = character,
                2 if place < text.len() => {
                    text.remove(place);
                }
                _ => text.insert(place, character),
            }
            text.into_iter().collect()
        })
}

/// Generates texts that match the pattern, and their neighbours.
fn texts<T: TextForm>() -> impl Strategy<Value = String> {
    // The generator wants no anchors, and would draw anything but a blank for `[^\s@]`.
    let inner = T::PATTERN.trim_start_matches('^').trim_end_matches('$');
    string_regex(&inner.replace("[^\\s@]+", "[a-z0-9./-]{1,20}"))
        .unwrap()
        .prop_flat_map(nearby)
}

/// What the parser takes must be within pattern and length, and be written back as it was read.
fn accepted_is_published<T: TextForm>(text: &str) -> Result<bool, TestCaseError> {
    let Ok(value) = text.parse::<T>() else {
        return Ok(false);
    };
    prop_assert!(
        pattern::<T>().is_match(text),
        "{}: {text:?} is accepted against the pattern",
        T::WHAT
    );
    prop_assert!(
        within_length::<T>(text),
        "{}: {text:?} is accepted against the length",
        T::WHAT
    );
    let again = value.to_string();
    prop_assert!(
        again.parse::<T>().is_ok(),
        "{}: {again:?} is written but not read",
        T::WHAT
    );
    Ok(true)
}

/// Types whose pattern says everything: parser and pattern accept exactly the same.
macro_rules! exact {
    ($($test:ident: $type:ty;)*) => {
        proptest! {
            $(#[test]
            fn $test(text in texts::<$type>()) {
                let published = pattern::<$type>().is_match(&text) && within_length::<$type>(&text);
                let accepted = accepted_is_published::<$type>(&text)?;
                prop_assert_eq!(accepted, published, "{:?}", text);
            })*
        }
    };
}

exact! {
    resource_names_agree: ResourceName;
    service_names_agree: ServiceName;
    rule_ids_agree: RuleId;
    field_names_agree: FieldName;
    label_keys_agree: LabelKey;
    label_values_agree: LabelValue;
    emails_agree: Email;
    logins_agree: ForgeLogin;
    revisions_agree: GitRevision;
    digests_agree: Digest;
    branches_agree: BranchName;
    paths_agree: RepositoryPath;
    local_times_agree: LocalTime;
    closing_times_agree: ClosingTime;
}

/// Types about which a pattern cannot say everything (30 February, an unknown zone, zero seconds).
macro_rules! narrower {
    ($($test:ident: $type:ty;)*) => {
        proptest! {
            $(#[test]
            fn $test(text in texts::<$type>()) {
                accepted_is_published::<$type>(&text)?;
            })*
        }
    };
}

narrower! {
    durations_are_published: Duration;
    instants_are_published: Instant;
    dates_are_published: LocalDate;
    zones_are_published: ZoneName;
    git_urls_are_published: GitUrl;
    http_urls_are_published: HttpUrl;
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,80}") {
        let _ = text.parse::<Duration>();
        let _ = text.parse::<Instant>();
        let _ = text.parse::<LocalDate>();
        let _ = text.parse::<LocalTime>();
        let _ = text.parse::<ZoneName>();
        let _ = text.parse::<GitUrl>();
        let _ = text.parse::<RepositoryPath>();
        let _ = text.parse::<LabelKey>();
    }

    #[test]
    fn clipped_text_is_always_within_its_limit(text in ".{0,80}") {
        let clipped = Text::<20>::clip(&text);
        prop_assert!(clipped.parse::<Text<20>>().is_ok());
        prop_assert_eq!(clipped.as_str() == text, (1..=20).contains(&text.chars().count()) );
    }
}

/// Each type's own example must be right, and messages must end with it.
fn example_is_right<T: TextForm + std::fmt::Debug>() {
    assert!(T::EXAMPLE.parse::<T>().is_ok(), "{}", T::WHAT);
    assert!(pattern::<T>().is_match(T::EXAMPLE), "{}", T::WHAT);
    let message = "\u{1}".parse::<T>().unwrap_err().to_string();
    assert!(message.starts_with("not "), "{message}");
    assert!(message.ends_with(&format!("`{}`", T::EXAMPLE)), "{message}");
}

#[test]
fn examples_are_right_and_messages_show_them() {
    example_is_right::<ResourceName>();
    example_is_right::<LabelKey>();
    example_is_right::<LabelValue>();
    example_is_right::<RuleId>();
    example_is_right::<FieldName>();
    example_is_right::<Email>();
    example_is_right::<ForgeLogin>();
    example_is_right::<GitRevision>();
    example_is_right::<Digest>();
    example_is_right::<BranchName>();
    example_is_right::<RepositoryPath>();
    example_is_right::<GitUrl>();
    example_is_right::<HttpUrl>();
    example_is_right::<Duration>();
    example_is_right::<Instant>();
    example_is_right::<LocalDate>();
    example_is_right::<LocalTime>();
    example_is_right::<ClosingTime>();
    example_is_right::<ZoneName>();
    example_is_right::<ServiceName>();
}

#[test]
fn messages_say_what_is_wrong_without_repeating_the_value() {
    let cases: [(Result<ResourceName, _>, &str); 4] = [
        (
            "Payments".parse(),
            "not a resource name: character 1 is `P`, only lower-case letters, digits and `-` are allowed; a right value is `payments-db`",
        ),
        (
            "".parse(),
            "not a resource name: it is empty; a right value is `payments-db`",
        ),
        (
            "-payments".parse(),
            "not a resource name: it must not start or end with `-`; a right value is `payments-db`",
        ),
        (
            "secret\u{7f}".parse(),
            "not a resource name: character 7 is U+007F, only lower-case letters, digits and `-` are allowed; a right value is `payments-db`",
        ),
    ];
    for (result, message) in cases {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
}

#[test]
fn urls_with_credentials_are_refused() {
    for wrong in [
        "https://ana:secret@example.com/x",
        "https://token@example.com/x",
        "ssh://git:secret@example.com/x",
    ] {
        let message = wrong.parse::<GitUrl>().unwrap_err().to_string();
        assert!(
            !message.contains("ana:") && !message.contains("secret@"),
            "{message}"
        );
    }
    assert!("ssh://git@example.com/acme/estate.git".parse::<GitUrl>().is_ok());
    assert!(
        "git@example.com:acme/estate.git"
            .parse::<GitUrl>()
            .unwrap_err()
            .to_string()
            .contains("ssh://")
    );
}

#[test]
fn values_are_read_from_and_written_to_text_by_serde() {
    let duration: Duration = serde_json::from_str("\"90m\"").unwrap();
    assert_eq!(serde_json::to_string(&duration).unwrap(), "\"1h30m\"");
    let error = serde_json::from_str::<ServiceName>("\"Payments\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("not the name of an ITService: character 1 is `P`"),
        "{error}"
    );
}
