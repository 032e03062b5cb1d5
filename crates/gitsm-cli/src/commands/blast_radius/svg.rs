//! A blast radius as a picture that needs nothing else: columns from left to right, what failed in the first.
//!
//! Boxes carry their own background and ink, lines and the heading are of a grey with the same contrast on white and
//! on black (4.5 to 1), so that the picture reads on any page.

use super::Answer;
use super::picture::{Fate, Line, Picture, Spot, facts, places, reason, summary};
use crate::wrap;
use gitsm_core::catalog::{DependencyStrength, NodeId};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const BOX_WIDTH: usize = 272;
const BOX_HEIGHT: usize = 44;
const COLUMN: usize = 360;
const ROW: usize = 60;
const MARGIN: usize = 24;
const HEAD: usize = 84;
/// How many characters of 13 pixels fit into a box, in a bold font as wide as they come.
const LETTERS: usize = 28;
/// The lines below the boxes: their height, and the width of a letter of theirs.
const FOOT_LINE: usize = 20;
const FOOT_LETTER: usize = 7;
const DASHES: &str = r#" stroke-dasharray="6 4""#;
const GREY: &str = "#767676";

/// Writes the answer as SVG.
pub(super) fn write(answer: &Answer<'_>) -> String {
    let picture = Picture::of(answer);
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places: BTreeMap<&NodeId, (usize, usize)> = BTreeMap::new();
    for spot in &picture.spots {
        let row = rows.entry(spot.column).or_default();
        places.insert(
            spot.id,
            (MARGIN + spot.column * COLUMN, HEAD + MARGIN + *row * ROW),
        );
        *row += 1;
    }
    let columns = rows.len().max(1);
    let width = (2 * MARGIN + (columns - 1) * COLUMN + BOX_WIDTH).max(720);
    let foot: Vec<String> = [summary(answer), format!("Estate: {}", answer.source)]
        .iter()
        .flat_map(|text| wrap::lines(text, (width - 2 * MARGIN) / FOOT_LETTER))
        .collect();
    let boxes = HEAD + MARGIN + rows.values().copied().max().unwrap_or(1) * ROW;
    let height = boxes + (foot.len() + 1) * FOOT_LINE;

    // Writing to a string does not fail.
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="13">"#
    );
    let failed: Vec<_> = answer.radius.failed.iter().map(NodeId::short).collect();
    let heading = format!("Blast radius of {}", failed.join(", "));
    let _ = writeln!(out, r#"<title id="title">{}</title>"#, escaped(&heading));
    let _ = writeln!(out, r#"<desc id="desc">{}</desc>"#, escaped(&summary(answer)));
    let _ = writeln!(
        out,
        r#"<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="{GREY}"/></marker></defs>"#
    );
    let _ = writeln!(
        out,
        r#"<text x="{MARGIN}" y="36" font-size="19" font-weight="bold" fill="{GREY}">{}</text>"#,
        escaped(&clipped(&heading, width / 11))
    );
    legend(&mut out);
    for line in &picture.lines {
        draw_line(line, &places, &mut out);
    }
    for spot in &picture.spots {
        if let Some(place) = places.get(spot.id) {
            draw_spot(answer, spot, *place, &mut out);
        }
    }
    for (number, line) in foot.iter().enumerate() {
        let _ = writeln!(
            out,
            r#"<text x="{MARGIN}" y="{}" fill="{GREY}">{}</text>"#,
            boxes + (number + 1) * FOOT_LINE,
            escaped(line)
        );
    }
    out.push_str("</svg>\n");
    out
}

fn colours(fate: Fate) -> (&'static str, &'static str) {
    match fate {
        Fate::Failed => ("#a32020", "#ffffff"),
        Fate::Down => ("#e0701a", "#000000"),
        Fate::Degraded => ("#f2c744", "#000000"),
    }
}

fn legend(out: &mut String) {
    for (at, fate) in [Fate::Failed, Fate::Down, Fate::Degraded].into_iter().enumerate() {
        let (fill, ink) = colours(fate);
        let x = MARGIN + at * 96;
        let _ = writeln!(
            out,
            r#"<rect x="{x}" y="52" width="84" height="22" rx="3" fill="{fill}"/><text x="{}" y="67" fill="{ink}" text-anchor="middle">{}</text>"#,
            x + 42,
            fate.word()
        );
    }
    for (x, dashes, word) in [
        (324, "", "needs it"),
        (456, DASHES, "works with losses without it"),
    ] {
        let _ = writeln!(
            out,
            r#"<path d="M{x} 63H{}" stroke="{GREY}" stroke-width="1.5"{dashes}/><text x="{}" y="67" fill="{GREY}">{word}</text>"#,
            x + 40,
            x + 50
        );
    }
}

fn draw_line(line: &Line<'_>, places: &BTreeMap<&NodeId, (usize, usize)>, out: &mut String) {
    let (Some((from_x, from_y)), Some((to_x, to_y))) = (places.get(line.from), places.get(line.to)) else {
        return;
    };
    let (start, end) = (from_x + BOX_WIDTH, *to_x);
    let (from_y, to_y) = (from_y + BOX_HEIGHT / 2, to_y + BOX_HEIGHT / 2);
    let dashes = match line.cause.strength {
        DependencyStrength::Hard => "",
        DependencyStrength::Soft => DASHES,
    };
    // A member of a group may stand in the same column or a later one: the curve leaves and arrives sideways.
    let (bend_out, bend_in) = (start + 44, end.saturating_sub(44));
    let _ = writeln!(
        out,
        r#"<path d="M{start} {from_y}C{bend_out} {from_y} {bend_in} {to_y} {end} {to_y}" fill="none" stroke="{GREY}" stroke-width="1.5" marker-end="url(#tip)"{dashes}><title>{}</title></path>"#,
        escaped(&format!(
            "{} to {}: {}",
            line.from.short(),
            line.to.short(),
            reason(line.cause)
        ))
    );
}

fn draw_spot(answer: &Answer<'_>, spot: &Spot<'_>, (x, y): (usize, usize), out: &mut String) {
    let (fill, ink) = colours(spot.fate);
    let facts = facts(answer.graph, spot.id);
    let why = spot.impact.map_or_else(String::new, |impact| {
        format!("{}: {}", places(answer, impact), reason(&impact.cause))
    });
    let whole = format!("{} ({facts}) {}{why}", spot.id.short(), spot.fate.word());
    // What is not a service has rounder corners.
    let round = if spot.id.as_service().is_some() { 4 } else { 18 };
    let _ = writeln!(
        out,
        r#"<g><title>{}</title><rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="{round}" fill="{fill}"/><text x="{}" y="{}" fill="{ink}" font-weight="bold">{}</text><text x="{}" y="{}" fill="{ink}" font-size="12">{}</text></g>"#,
        escaped(&whole),
        x + 12,
        y + 18,
        escaped(&clipped(&spot.id.short(), LETTERS)),
        x + 12,
        y + 35,
        escaped(&clipped(&facts, LETTERS))
    );
}

/// The text cut to a number of characters; a name keeps its end, which tells it from its neighbours.
fn clipped(text: &str, letters: usize) -> String {
    let length = text.chars().count();
    if length <= letters {
        return text.to_owned();
    }
    let kept = letters.saturating_sub(1);
    let tail: String = text.chars().skip(length - kept).collect();
    format!("…{tail}")
}

/// Text that is safe in content and attributes of XML. Characters that XML cannot hold become a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(
            escaped("<a b=\"c\">&'\u{1}"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#39; "
        );
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(clipped("payments-db-1", 8), "…ts-db-1");
        assert_eq!(clipped("db", 8), "db");
    }
}
