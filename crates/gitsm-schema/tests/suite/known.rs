//! Reading vectors, and the checked-in lists of vectors that are known to differ.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The text of a file of vectors; `None`, and a word on the output, when there is no folder of vectors.
pub(crate) fn read(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("GITSM_VECTORS") else {
        eprintln!("GITSM_VECTORS is not set: skipped {file}");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The vectors of a file with one JSON value a line.
pub(crate) fn read_lines(file: &str) -> Option<Vec<Vector>> {
    let text = read(file)?;
    let vector = |line: &str| Vector {
        key: key(line),
        data: serde_json::from_str(line).expect("a vector is JSON"),
    };
    Some(text.lines().filter(|line| !line.is_empty()).map(vector).collect())
}

/// A vector and the key by which a list of known differences names it.
pub(crate) struct Vector {
    pub(crate) key: String,
    pub(crate) data: Value,
}

/// FNV-1a of the text, so that keys do not change with compilers.
pub(crate) fn key(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// How a vector was judged.
pub(crate) enum Verdict {
    /// As recorded.
    Agrees,
    /// Refused when it was compiled, although the API server accepts it; says why.
    Refused(String),
    /// Judged another way; says how.
    Differs(String),
}

/// The tally of a file of vectors against its list of known differences.
pub(crate) struct Tally {
    name: &'static str,
    known: BTreeMap<&'static str, &'static str>,
    agree: usize,
    total: usize,
    surprises: String,
}

impl Tally {
    /// A tally; `known` has a key and a reason on each line.
    pub(crate) fn new(name: &'static str, known: &'static str) -> Self {
        let lines = known
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            name,
            known: lines
                .map(|line| line.split_once(' ').expect("a key and a reason"))
                .collect(),
            agree: 0,
            total: 0,
            surprises: String::new(),
        }
    }

    /// Counts a vector; `shown` is what a reader recognises it by.
    pub(crate) fn count(&mut self, key: &str, shown: &str, verdict: Verdict) {
        self.total += 1;
        let (word, why) = match verdict {
            Verdict::Agrees => {
                self.agree += 1;
                if let Some(reason) = self.known.remove(key) {
                    writeln!(
                        self.surprises,
                        "{key} agrees now; remove it from the list ({reason}): {shown}"
                    )
                    .unwrap();
                }
                return;
            }
            Verdict::Refused(why) => ("refused", why),
            Verdict::Differs(why) => ("differs", why),
        };
        if self.known.remove(key).is_none() {
            writeln!(self.surprises, "{key} {word}: {shown}: {why}").unwrap();
        }
    }

    /// Prints the tally and asserts that nothing is new and that at least `floor` vectors agree.
    pub(crate) fn finish(self, floor: usize) {
        let left: Vec<_> = self.known.keys().collect();
        eprintln!("{}: {} of {} agree", self.name, self.agree, self.total);
        assert!(self.surprises.is_empty(), "{}:\n{}", self.name, self.surprises);
        assert!(
            left.is_empty(),
            "{}: known differences that no vector has: {left:?}",
            self.name
        );
        assert!(
            self.agree >= floor,
            "{}: {} agree, at least {floor} must",
            self.name,
            self.agree
        );
    }
}
