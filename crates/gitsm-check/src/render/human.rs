//! The forms for people: source snippets in the manner of rustc, and one line for each finding.

use super::text::{closing, location, one_line, steers_terminal, subject};
use super::{RenderOptions, Sources, listed};
use crate::diagnostic::{Finding, Level, Report, Span};
use annotate_snippets::renderer::{DEFAULT_ERROR_STYLE, DEFAULT_NOTE_STYLE, DEFAULT_WARNING_STYLE};
use annotate_snippets::{Annotation, AnnotationKind, Element, Level as Tone, Origin, Renderer, Snippet};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

/// Lines shown around a span.
const CONTEXT_LINES: usize = 1;
/// A span over more lines than this is marked at its first line only.
const MARKED_LINES: u32 = 6;
/// A label of the same file this many lines away, or nearer, shares the snippet of the finding.
const NEAR_LINES: u32 = 100;
/// Bytes of source that one snippet may hold; beyond that (minified YAML, embedded data) only the place is named.
const SNIPPET_BYTES: usize = 16 * 1024;

pub(super) fn write(
    report: &Report,
    sources: &dyn Sources,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let renderer = if options.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(options.max_width);
    let mut explained = BTreeSet::new();
    for finding in listed(report, options) {
        // Once for each rule: fifty findings of one rule need one pointer to its explanation.
        let explain = explained.insert(finding.rule.code()) && (options.rule)(finding.rule.code()).is_some();
        writeln!(out, "{}\n", snippet(finding, sources, &renderer, explain))?;
    }
    out.write_all(closing(report).as_bytes())
}

pub(super) fn write_concise(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for finding in listed(report, options) {
        let style = match finding.level {
            Level::Error => DEFAULT_ERROR_STYLE,
            Level::Warning => DEFAULT_WARNING_STYLE,
            Level::Note => DEFAULT_NOTE_STYLE,
        };
        let (on, off) = if options.color {
            (style.render().to_string(), style.render_reset().to_string())
        } else {
            (String::new(), String::new())
        };
        writeln!(
            out,
            "{}: {on}{}[{}]{off} {}",
            location(finding),
            finding.level.as_str(),
            one_line(finding.rule.as_str()),
            one_line(&finding.message)
        )?;
    }
    out.write_all(closing(report).as_bytes())
}

fn snippet(finding: &Finding, sources: &dyn Sources, renderer: &Renderer, explain: bool) -> String {
    let tone = match finding.level {
        Level::Error => Tone::ERROR,
        Level::Warning => Tone::WARNING,
        Level::Note => Tone::NOTE,
    };
    let mut group = tone
        .primary_title(one_line(&finding.message))
        .id(one_line(finding.rule.as_str()))
        .elements(places(finding, sources));
    if let Some(subject) = subject(finding) {
        group = group.element(Tone::NOTE.with_name("in").message(subject));
    }
    if let Some(hint) = &finding.hint {
        group = group.element(Tone::HELP.message(one_line(hint)));
    }
    if explain {
        let pointer = format!("`gitsm explain {}` tells more", finding.rule.code());
        group = group.element(Tone::NOTE.message(pointer));
    }
    renderer.render(&[group])
}

/// The finding's place and its labels, the near ones in one snippet.
fn places(finding: &Finding, sources: &dyn Sources) -> Vec<Element<'static>> {
    let file = one_line(&finding.file);
    let Some(span) = finding.span else {
        let mut elements = vec![Origin::path(file).into()];
        elements.extend(finding.labels.iter().map(|label| {
            place(
                &label.file,
                &[Mark::secondary(label.span, &label.message)],
                sources,
            )
        }));
        return elements;
    };
    let mut marks = vec![Mark {
        span,
        kind: AnnotationKind::Primary,
        text: None,
    }];
    let mut elsewhere = Vec::new();
    for label in &finding.labels {
        let mark = Mark::secondary(label.span, &label.message);
        let near = label.span.start.line.abs_diff(span.start.line) <= NEAR_LINES;
        if label.file == finding.file && near {
            marks.push(mark);
        } else {
            elsewhere.push(place(&label.file, &[mark], sources));
        }
    }
    let mut elements = vec![place(&finding.file, &marks, sources)];
    elements.append(&mut elsewhere);
    elements
}

/// One underlined stretch.
struct Mark {
    span: Span,
    kind: AnnotationKind,
    text: Option<String>,
}

impl Mark {
    fn secondary(span: Span, text: &str) -> Self {
        Self {
            span,
            kind: AnnotationKind::Context,
            text: Some(one_line(text)),
        }
    }
}

/// A snippet around all `marks`, or only the name of the place where the source is missing, too long, or has
/// changed since it was judged. The first mark is the one that names the place.
fn place(file: &str, marks: &[Mark], sources: &dyn Sources) -> Element<'static> {
    let text = sources.text(file);
    if let Some(excerpt) = text.as_deref().and_then(|text| Excerpt::around(text, marks)) {
        let annotations = marks.iter().map(|mark| excerpt.annotation(mark));
        return Snippet::source(excerpt.text.clone().into_owned())
            .line_start(excerpt.first_line)
            .path(one_line(file))
            .annotations(annotations.collect::<Vec<_>>())
            .into();
    }
    let start = marks.first().map(|mark| mark.span.start);
    let mut origin = Origin::path(one_line(file));
    if let Some(start) = start {
        origin = origin
            .line(start.line as usize)
            .char_column(start.column as usize);
    }
    origin.into()
}

/// Whole lines of a file.
struct Excerpt<'a> {
    text: Cow<'a, str>,
    /// Where the excerpt starts in the file, in bytes.
    offset: usize,
    first_line: usize,
}

impl<'a> Excerpt<'a> {
    fn around(source: &'a str, marks: &[Mark]) -> Option<Self> {
        let first = marks
            .iter()
            .map(|mark| mark.span.start)
            .min_by_key(|at| at.offset)?;
        let last = marks.iter().map(|mark| marked_end(source, mark.span)).max()?;
        let (before, _) = source.split_at_checked(first.offset as usize)?;
        let (_, behind) = source.split_at_checked(last)?;
        // Line breaks before the excerpt: the one that ends the line above the context.
        let mut breaks = memchr::memrchr_iter(b'\n', before.as_bytes());
        let start = breaks.nth(CONTEXT_LINES).map_or(0, |at| at + 1);
        let end = memchr::memchr_iter(b'\n', behind.as_bytes())
            .nth(CONTEXT_LINES)
            .map_or(source.len(), |at| last + at);
        if end.checked_sub(start)? > SNIPPET_BYTES {
            return None;
        }
        let mut text = printable(source.get(start..end)?);
        if first.offset as usize == source.len() && text.ends_with('\n') {
            // Behind the last line break is a line too, if an empty one.
            text.to_mut().push('\n');
        }
        let lines_above = memchr::memchr_iter(b'\n', source.as_bytes().get(start..before.len())?).count();
        Some(Self {
            text,
            offset: start,
            first_line: (first.line as usize).checked_sub(lines_above)?,
        })
    }

    /// The annotation of a mark, clamped into the excerpt.
    fn annotation(&self, mark: &Mark) -> Annotation<'static> {
        let start = self.clamp(mark.span.start.offset as usize);
        let end = self.clamp(marked_end(&self.text, self.relative(mark.span)) + self.offset);
        let range: Range<usize> = start..end.max(start);
        mark.kind.span(range).label(mark.text.clone())
    }

    /// The span with offsets counted from the start of the excerpt.
    fn relative(&self, mut span: Span) -> Span {
        let offset = u32::try_from(self.offset).unwrap_or(u32::MAX);
        span.start.offset = span.start.offset.saturating_sub(offset);
        span.end.offset = span.end.offset.saturating_sub(offset);
        span
    }

    /// An offset in the file as one in the excerpt, at the start of a character.
    fn clamp(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset.saturating_sub(self.offset))
    }
}

/// The last byte to underline: the end of the span, or of its first line when it has too many lines.
fn marked_end(text: &str, span: Span) -> usize {
    let start = span.start.offset as usize;
    if span.end.line.saturating_sub(span.start.line) < MARKED_LINES {
        return (span.end.offset as usize).max(start);
    }
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let line = memchr::memchr(b'\n', rest).map_or(rest, |at| &rest[..at]);
    start + line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// Source text without characters that steer a terminal. The ASCII ones and the bidirectional ones are made
/// visible by `annotate-snippets`; it lets the C1 controls through. Each of them is two bytes long and so is its
/// substitute, so offsets stay right.
fn printable(text: &str) -> Cow<'_, str> {
    let c1 =
        |character: char| !character.is_ascii() && character.len_utf8() == 2 && steers_terminal(character);
    if text.contains(c1) {
        Cow::Owned(text.replace(c1, "¿"))
    } else {
        Cow::Borrowed(text)
    }
}
