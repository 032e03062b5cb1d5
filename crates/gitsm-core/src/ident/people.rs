//! How people are known outside Kubernetes.

use crate::text::{check_characters, string_type};
use std::borrow::Cow;

string_type! {
    /// An e-mail address, checked for its shape only; whether it receives mail is not known here.
    pub struct Email {
        what: "an e-mail address",
        pattern: "^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$",
        length: 6..=254,
        example: "ana@example.com",
        check: check_email,
    }
}

string_type! {
    /// The login of an account at the forge, bots included (`renovate[bot]`).
    pub struct ForgeLogin {
        what: "a forge login",
        pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?(\\[bot\\])?$",
        length: 1..=80,
        example: "ana-lima",
        check: check_login,
    }
}

fn check_email(text: &str) -> Result<(), Cow<'static, str>> {
    let Some((local, domain)) = text.split_once('@') else {
        return Err("it has no `@`".into());
    };
    if local.is_empty() {
        return Err("nothing stands before the `@`".into());
    }
    check_characters(
        local,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-'),
        "letters, digits and `._%+-` before the `@`",
    )?;
    if !domain.contains('.') || domain.split('.').any(str::is_empty) {
        return Err("the part after the `@` is not a domain name with a dot".into());
    }
    check_characters(
        domain,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'),
        "letters, digits, `.` and `-` after the `@`",
    )
}

fn check_login(text: &str) -> Result<(), Cow<'static, str>> {
    let login = text.strip_suffix("[bot]").unwrap_or(text);
    if login.is_empty() {
        return Err("nothing stands before `[bot]`".into());
    }
    check_characters(
        login,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'),
        "letters, digits, `.`, `_` and `-`",
    )?;
    if login.starts_with(|c: char| !c.is_ascii_alphanumeric()) {
        return Err("it must start with a letter or digit".into());
    }
    if login.ends_with(['.', '-']) {
        return Err("it must not end with `.` or `-`".into());
    }
    Ok(())
}
