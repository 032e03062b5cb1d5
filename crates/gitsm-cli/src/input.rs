//! Files that a command is pointed at, and standard input.

use anyhow::{Context as _, ensure};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// The most that is read: the records of years fit in, an endless device does not.
const LARGEST: u64 = 1 << 30;

/// The whole of a file, or of standard input for `-`, and what messages call it.
///
/// # Errors
///
/// When it cannot be read or is larger than anything that was meant.
pub(crate) fn read_named(path: &Path) -> anyhow::Result<(Arc<str>, Vec<u8>)> {
    read_up_to(path, LARGEST)
}

/// As [`read_named`], with the most bytes that are read.
pub(crate) fn read_up_to(path: &Path, largest: u64) -> anyhow::Result<(Arc<str>, Vec<u8>)> {
    let mut bytes = Vec::new();
    // One byte more than is allowed is enough to refuse it.
    let limit = largest.saturating_add(1);
    let (name, read) = if path == Path::new("-") {
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
        ("standard input".to_owned(), read)
    } else {
        let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        (path.display().to_string(), read)
    };
    let count = read.with_context(|| format!("cannot read {name}"))?;
    ensure!(
        u64::try_from(count).is_ok_and(|count| count <= largest),
        "{name} is larger than the {largest} bytes that are read"
    );
    Ok((name.into(), bytes))
}
