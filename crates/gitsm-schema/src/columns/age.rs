//! Ages as `kubectl get` shows them: two or three significant figures.

use jiff::Timestamp;

/// What a column of type `date` shows for a text at `now`: its age, `<invalid>`, or `<unknown>` for no time.
pub(super) fn age_of(text: &str, now: Timestamp) -> String {
    if matches!(text, "" | "null" | "0001-01-01T00:00:00Z") {
        return "<unknown>".to_owned();
    }
    // Go reads RFC 3339 to the letter; the parser here takes more.
    let is_strict = text.is_ascii()
        && text.as_bytes().get(10) == Some(&b'T')
        && (text.ends_with('Z')
            || text
                .len()
                .checked_sub(6)
                .is_some_and(|at| text[at..].starts_with(['+', '-'])));
    match text.parse::<Timestamp>() {
        Ok(time) if is_strict => {
            // Cut towards zero, as Go does.
            let nanoseconds = now.as_nanosecond().saturating_sub(time.as_nanosecond());
            human(i64::try_from(nanoseconds / 1_000_000_000).unwrap_or_default())
        }
        _ => "<invalid>".to_owned(),
    }
}

/// A duration of whole seconds.
fn human(seconds: i64) -> String {
    let two = |first: i64, unit: &str, second: i64, smaller: &str| match second {
        0 => format!("{first}{unit}"),
        _ => format!("{first}{unit}{second}{smaller}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 24 * 8 => two(days, "d", hours % 24, "h"),
        _ if hours < 24 * 365 * 2 => format!("{days}d"),
        _ if hours < 24 * 365 * 8 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_or_three_figures() {
        let now: Timestamp = "2026-06-01T12:00:00.5Z".parse().unwrap();
        for (time, age) in [
            ("2026-06-01T12:00:00Z", "0s"),
            ("2026-06-01T12:00:01Z", "0s"),
            ("2026-06-01T12:00:03Z", "<invalid>"),
            ("2026-06-01T11:58:01Z", "119s"),
            ("2026-06-01T11:58:00.6Z", "119s"),
            ("2026-06-01T11:58:00Z", "2m"),
            ("2026-06-01T11:51:30Z", "8m30s"),
            ("2026-06-01T11:00:00Z", "60m"),
            ("2026-06-01T09:00:00Z", "3h"),
            ("2026-06-01T08:30:00Z", "3h30m"),
            ("2026-05-31T14:00:00+02:00", "24h"),
            ("2026-05-29T11:00:00Z", "3d1h"),
            ("2026-05-01T12:00:00Z", "31d"),
            ("2024-05-01T12:00:00Z", "2y31d"),
            ("2000-06-01T12:00:00Z", "26y"),
            ("0001-01-01T00:00:00Z", "<unknown>"),
            ("", "<unknown>"),
            ("yesterday", "<invalid>"),
            ("2026-06-01 11:00:00Z", "<invalid>"),
            ("2026-06-01T11:00:00", "<invalid>"),
        ] {
            assert_eq!(age_of(time, now), age, "{time}");
        }
    }
}
