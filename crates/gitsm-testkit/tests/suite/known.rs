//! The table of known differences in `docs/apiserver.md`.

use std::collections::BTreeSet;
use std::path::Path;

/// Rows of the table are `| [id] | ... |`.
pub(crate) fn ids() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/apiserver.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let section = text
        .split_once("## Known differences")
        .expect("docs/apiserver.md has a section `Known differences`")
        .1;
    let section = section.split("\n## ").next().unwrap_or(section);
    section
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect()
}
