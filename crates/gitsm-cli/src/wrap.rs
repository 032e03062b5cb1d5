//! Text in lines that a terminal shows whole.

/// How wide an answer is where its words allow. It does not follow the terminal: the same question gives the same
/// bytes everywhere.
pub(crate) const WIDTH: usize = 100;

/// The narrowest column that text is put into.
const NARROWEST: usize = 30;

/// The text in lines of at most so many characters, broken at spaces. A longer word stands alone.
pub(crate) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text after a head, the lines that follow below its first.
pub(crate) fn after(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let below = " ".repeat(indent);
    let width = WIDTH.saturating_sub(indent).max(NARROWEST);
    format!("{head}{}", lines(text, width).join(&format!("\n{below}")))
}

/// The text after a head if both fit into a line; otherwise below it, indented.
pub(crate) fn after_or_below(head: &str, text: &str, indent: usize) -> String {
    if head.chars().count() + text.chars().count() <= WIDTH {
        return format!("{head}{text}");
    }
    format!("{}\n{}", head.trim_end(), after(&" ".repeat(indent), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(lines("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(lines("aaaaaa b", 4), ["aaaaaa", "b"]);
        assert_eq!(lines("", 4), [""]);
    }

    #[test]
    fn what_does_not_fit_stands_below() {
        assert_eq!(after_or_below("head  ", "text", 4), "head  text");
        let head = "h".repeat(WIDTH);
        assert_eq!(after_or_below(&head, "text", 4), format!("{head}\n    text"));
    }

    #[test]
    fn what_follows_stands_below_the_first_line() {
        let text = "word ".repeat(30);
        let wrapped = after("  head: ", text.trim_end());
        assert!(
            wrapped.lines().all(|line| line.chars().count() <= WIDTH),
            "{wrapped}"
        );
        assert!(
            wrapped
                .lines()
                .skip(1)
                .all(|line| line.starts_with("        word")),
            "{wrapped}"
        );
    }
}
