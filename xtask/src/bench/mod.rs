//! `cargo xtask bench`: what the binary needs on a corpus of its own, the embedded server beside real ones, and the
//! criterion benches.

mod apiserver;
mod corpus;
pub(crate) mod measure;

use crate::steps::{cargo, execute, root};
use anyhow::Context as _;
use corpus::Corpus;
use measure::Measured;
use std::path::{Path, PathBuf};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The command to measure.
    #[arg(default_value = "validate")]
    what: What,
    /// Sizes of the corpora, in documents.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    documents: Vec<usize>,
    /// Runs of each measurement; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Measure this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Run the criterion benches instead.
    #[arg(long)]
    criterion: bool,
    /// Write the corpora and measure nothing.
    #[arg(long)]
    generate_only: bool,
    #[command(flatten)]
    apiserver: apiserver::Options,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// `gitsm validate`, as a whole process.
    Validate,
    /// The server of `gitsm up` beside kube-apiserver, etcd and apiextensions-apiserver.
    Apiserver,
}

/// One line of the table.
struct Row {
    what: String,
    documents: usize,
    measured: Measured,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.criterion {
        return execute(cargo().args(["bench", "--package", "gitsm-check", "--package", "gitsm-core"]));
    }
    let root = root();
    if let What::Apiserver = arguments.what {
        let binary = release_binary(arguments, &root)?;
        return apiserver::run(&arguments.apiserver, &binary, &root);
    }
    // Paths are given as people give them: relative, from the root of the project.
    std::env::set_current_dir(&root).context("cannot enter the root of the project")?;
    let target = Path::new("target");
    let mut corpora = Vec::new();
    for documents in &arguments.documents {
        let corpus = corpus::write(&target.join(format!("bench/corpus-{documents}")), *documents)?;
        println!(
            "{}: {} documents of {} bytes on average",
            corpus.folder.display(),
            corpus.documents,
            corpus.bytes / corpus.documents.max(1)
        );
        corpora.push(corpus);
    }
    if arguments.generate_only {
        return Ok(());
    }
    let binary = release_binary(arguments, &root)?;
    let rows = validate(&binary, Path::new("policies"), &corpora, arguments.runs)?;
    print!("{}", markdown(&rows));
    Ok(())
}

/// The binary that was named, or the one that this builds.
fn release_binary(arguments: &Arguments, root: &Path) -> anyhow::Result<PathBuf> {
    if let Some(binary) = &arguments.binary {
        return std::path::absolute(binary).with_context(|| format!("{} is no path", binary.display()));
    }
    execute(cargo().args(["build", "--release", "--package", "gitsm-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target
        .join("release")
        .join(format!("gitsm{}", std::env::consts::EXE_SUFFIX)))
}

fn validate(binary: &Path, policies: &Path, corpora: &[Corpus], runs: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut sets: Vec<(&str, Vec<&str>)> = vec![("", Vec::new())];
    if policies.is_dir() {
        let folder = policies
            .to_str()
            .context("the path of the policies is not UTF-8")?;
        sets.push((", shipped policies", vec!["--policy", folder]));
    }
    for (suffix, options) in &sets {
        if let Some(corpus) = corpora.first() {
            let mut arguments = vec!["validate", utf8(&corpus.one_file)?];
            arguments.extend(options);
            // Alone, its references lead nowhere: findings, so exit status 1.
            rows.push(Row {
                what: format!("start-up, one change{suffix}"),
                documents: 1,
                measured: measure::median(binary, &arguments, runs, 1)?,
            });
        }
        for corpus in corpora {
            let mut arguments = vec!["validate", utf8(&corpus.folder)?];
            arguments.extend(options);
            rows.push(Row {
                what: format!("estate{suffix}"),
                documents: corpus.documents,
                measured: measure::median(binary, &arguments, runs, 0)?,
            });
        }
    }
    Ok(rows)
}

fn utf8(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))
}

/// The rows as a table that reads well in a terminal too.
fn markdown(rows: &[Row]) -> String {
    let mut text = format!(
        "\n| {:<36} | {:>9} | {:>8} | {:>8} | {:>15} | {:>8} |\n|{}|{}:|{}:|{}:|{}:|{}:|\n",
        "what",
        "documents",
        "CPU s",
        "wall s",
        "CPU ms/document",
        "peak MiB",
        "-".repeat(38),
        "-".repeat(10),
        "-".repeat(9),
        "-".repeat(9),
        "-".repeat(16),
        "-".repeat(9)
    );
    for row in rows {
        // Numbers of documents and of KiB are far below 2^52.
        #[expect(clippy::cast_precision_loss)]
        let (documents, kib) = (row.documents as f64, row.measured.peak_kib as f64);
        text.push_str(&format!(
            "| {:<36} | {:>9} | {:>8.3} | {:>8.3} | {:>15.3} | {:>8.1} |\n",
            row.what,
            row.documents,
            row.measured.cpu,
            row.measured.wall,
            row.measured.cpu * 1000.0 / documents,
            kib / 1024.0
        ));
    }
    text
}
