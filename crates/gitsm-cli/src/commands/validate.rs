//! `gitsm validate`: judges manifests before they are merged.

use crate::disk::DiskInput;
use crate::estate;
use crate::exit::{self, Exit};
use crate::load::this_second;
use crate::revision;
use crate::terminal::Color;
use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use gitsm_check::config::Config;
use gitsm_check::diagnostic::{Level, Report};
use gitsm_check::engine::{self, KindSet, Options, PolicySource};
use gitsm_check::input::{Input, MemoryInput};
use gitsm_check::render::{self, Format, RenderOptions, Sources};
use gitsm_check::rules;
use gitsm_check::yaml::Limits;
use gitsm_operator::source::CommitInput;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Arguments of `gitsm validate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gitsm validate                                   the manifests below this folder
  gitsm validate services changes/db-16.yaml       folders and files
  gitsm validate 'services/**/*.yaml'              a pattern
  gitsm validate --base origin/main                only what this branch adds to main
  gitsm validate --format sarif > gitsm.sarif      for code scanning
  kustomize build . | gitsm validate -             standard input

Exit status: 0 no finding at or above --fail-on, 1 findings, 2 could not run.")]
pub(crate) struct ValidateArgs {
    /// Files, folders or patterns; `-` for standard input [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,

    /// Report only what the commits since this revision introduced, and judge transitions from it
    #[arg(long, value_name = "REV")]
    base: Option<String>,

    /// Judge this revision from the object database instead of the working tree [default with --base: HEAD]
    #[arg(long, value_name = "REV")]
    head: Option<String>,

    /// Also judge the kinds of these custom resource definitions (file or folder)
    #[arg(long, value_name = "PATH")]
    crd: Vec<String>,

    /// Also evaluate the RecordPolicy objects found here (file or folder)
    #[arg(long, value_name = "PATH")]
    policy: Vec<String>,

    /// How to print findings
    #[arg(long, value_name = "FORMAT", default_value_t = Format::Human, value_parser = formats())]
    format: Format,

    /// Print only the summary, not the findings
    #[arg(long)]
    summary: bool,

    /// The lowest level that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "LEVEL")]
    fail_on: FailOn,

    /// The instant for rules that depend on time, RFC 3339 [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<jiff::Timestamp>,

    /// Report only these rules, by id or name
    #[arg(long, value_name = "RULE")]
    rule: Vec<String>,

    /// Accept anchors, aliases and merge keys
    #[arg(long)]
    allow_anchors: bool,

    /// Largest file from standard input, in bytes
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<usize>,

    /// Most documents from standard input
    #[arg(long, value_name = "N")]
    max_documents: Option<u32>,

    /// Deepest nesting from standard input
    #[arg(long, value_name = "N")]
    max_depth: Option<usize>,

    /// Threads to use [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,

    /// When to use colour
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

/// Levels as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
}

impl From<FailOn> for Level {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Note => Self::Note,
        }
    }
}

/// What is judged, and by which settings.
struct Subject {
    input: Box<dyn Input>,
    config: Config,
    /// The judged revision, when it is not the working tree.
    revision: Option<String>,
    /// The other side of the range.
    base: Option<Box<dyn Input>>,
    /// Whether it is a range that changes no resource of gitsm.
    untouched: bool,
    /// The policies that the settings name.
    policies: Vec<PolicySource>,
}

/// Judges what was asked for and prints the findings.
pub(crate) fn run(args: &ValidateArgs) -> anyhow::Result<Exit> {
    ensure!(
        !args.summary || args.format.has_summary(),
        "--summary does not go with --format {}, which is a list of findings",
        args.format
    );
    let only = selected_rules(&args.rule)?;
    let mut subject = subject(args)?;
    if subject.untouched {
        return nothing_changed(args, &subject);
    }
    let mut kinds = KindSet::new();
    for path in &args.crd {
        add_crds(&mut kinds, path)?;
    }
    // Policies among the judged files need no mention.
    let mut policies = std::mem::take(&mut subject.policies);
    for path in &args.policy {
        policies.append(&mut policies_at(Path::new(path))?);
    }
    let options = Options {
        at: args.at.unwrap_or_else(|| this_second().timestamp()),
        limits: limits(args)?,
        jobs: args.jobs.unwrap_or_else(jobs),
        list_judged: args.format.lists_documents(),
        only,
        policies,
    };
    let mut report = match &subject.base {
        Some(base) => engine::run_range(&**base, &*subject.input, &subject.config, &kinds, &options)?,
        None => engine::run(&*subject.input, &subject.config, &kinds, &options)?,
    };
    report.summary.revision.clone_from(&subject.revision);
    if report.summary.documents == 0 && report.findings.is_empty() && subject.base.is_none() {
        let place = if args.paths.is_empty() {
            "this folder".to_owned()
        } else {
            args.paths.join(", ")
        };
        bail!(
            "nothing to judge in {place}: {} read, none holds a resource with `apiVersion: {}`",
            counted(report.summary.files, "file"),
            gitsm_api::API_VERSION
        );
    }
    let verdict = if report.reaches(args.fail_on.into()) {
        Exit::Findings
    } else {
        Exit::Clean
    };
    match print(args, &subject, report) {
        // A reader that has seen enough (`| head`) does not change what was found.
        Err(error) if exit::is_broken_pipe(&error) => Ok(verdict),
        printed => printed.map(|()| verdict),
    }
}

/// Says that a range changes no resource: one line for people, a report without findings for programs.
fn nothing_changed(args: &ValidateArgs, subject: &Subject) -> anyhow::Result<Exit> {
    let base = args.base.as_deref().unwrap_or_default();
    if matches!(args.format, Format::Human | Format::Concise | Format::Github) {
        writeln!(
            std::io::stdout().lock(),
            "Nothing to judge: no gitsm resource changed since {base}"
        )?;
        return Ok(Exit::Clean);
    }
    let mut report = Report::default();
    report.summary.at = args.at.unwrap_or_else(|| this_second().timestamp()).to_string();
    report.summary.revision.clone_from(&subject.revision);
    print(args, subject, report)?;
    Ok(Exit::Clean)
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The formats, for help and for a useful message.
fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::as_str))
        .try_map(|word| word.parse::<Format>())
}

fn selected_rules(names: &[String]) -> anyhow::Result<Vec<&'static str>> {
    names
        .iter()
        .map(|name| match rules::find(name) {
            Some(rule) => Ok(rule.id),
            None => bail!("no rule {name:?}; `gitsm explain` lists all rules"),
        })
        .collect()
}

fn limits(args: &ValidateArgs) -> anyhow::Result<Limits> {
    let defaults = Limits::default();
    let lifted = args.max_bytes.is_some() || args.max_documents.is_some() || args.max_depth.is_some();
    ensure!(
        !lifted || reads_stdin(args),
        "--max-bytes, --max-documents and --max-depth lift limits for standard input only; name `-` as the path"
    );
    Ok(Limits {
        file_bytes: args.max_bytes.unwrap_or(defaults.file_bytes),
        documents: args.max_documents.unwrap_or(defaults.documents),
        depth: args.max_depth.unwrap_or(defaults.depth),
        allow_anchors: args.allow_anchors,
        ..defaults
    })
}

fn reads_stdin(args: &ValidateArgs) -> bool {
    args.paths.iter().any(|path| path == "-")
}

fn subject(args: &ValidateArgs) -> anyhow::Result<Subject> {
    if reads_stdin(args) {
        ensure!(args.paths.len() == 1, "`-` cannot be combined with other paths");
        ensure!(
            args.base.is_none() && args.head.is_none(),
            "--base and --head need files of a repository, not `-`"
        );
        let mut content = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut content)
            .context("cannot read standard input")?;
        return Ok(Subject {
            input: Box::new(MemoryInput::new().with("<stdin>", content)),
            config: Config::default(),
            revision: None,
            base: None,
            untouched: false,
            policies: Vec::new(),
        });
    }
    let paths = if args.paths.is_empty() {
        vec![".".to_owned()]
    } else {
        args.paths.clone()
    };
    if args.base.is_some() || args.head.is_some() {
        return revision_subject(args, &paths);
    }
    let (root, config) = estate::settings(Path::new(&paths[0]))?;
    let input = DiskInput::collect(&paths, &|path| config.selects(&estate::relative(&root, path)))?;
    let mut policies = Vec::new();
    for path in config.policies() {
        policies.append(&mut policies_at(&root.join(path))?);
    }
    Ok(Subject {
        input: Box::new(input),
        config,
        revision: None,
        base: None,
        untouched: false,
        policies,
    })
}

fn revision_subject(args: &ValidateArgs, paths: &[String]) -> anyhow::Result<Subject> {
    let repository = revision::Repository::discover(&paths[0])?;
    let head = args.head.as_deref().unwrap_or("HEAD");
    let (subject, head) = subject_at(&repository, head, args.base.as_deref(), paths)?;
    Ok(Subject {
        input: Box::new(head),
        ..subject
    })
}

/// What is judged by `--head` and `--base`; the manifests of the judged revision come beside it.
fn subject_at(
    repository: &revision::Repository,
    head: &str,
    base: Option<&str>,
    paths: &[String],
) -> anyhow::Result<(Subject, CommitInput)> {
    let head_tree = repository.tree(head, paths)?;
    let base_tree = match base {
        Some(base) => Some(repository.tree_at_merge_base(base, head, paths)?),
        None => None,
    };
    // The settings of the base count: a change must not lower the bar it is measured by.
    let (root, config) = repository.settings(base_tree.as_ref().unwrap_or(&head_tree), &paths[0])?;
    let selects = |name: &str| config.selects(&estate::relative(&root, &repository.root().join(name)));
    let mut policies = Vec::new();
    for path in config.policies() {
        // What stands in the working tree has nothing to say about two revisions. Both of them count.
        let folder = [root.join(path).to_string_lossy().into_owned()];
        let before = policies.len();
        for tree in base_tree.iter().chain([&head_tree]) {
            let input = repository.beside(tree, &folder)?.into_input(&|_| true)?;
            policies.append(&mut engine::policies_in(&input).with_context(|| format!("policies in {path}"))?);
        }
        ensure!(policies.len() > before, "no RecordPolicy in {path}");
    }
    let revision = Some(head_tree.commit().to_string());
    let head = head_tree.into_input(&selects)?;
    let base = base_tree.map(|tree| tree.into_input(&selects)).transpose()?;
    let untouched = match &base {
        Some(base) => !head.differs_from(base)?,
        None => false,
    };
    let subject = Subject {
        input: Box::new(MemoryInput::new()),
        base: base.map(|base| Box::new(base) as Box<dyn Input>),
        revision,
        config,
        untouched,
        policies,
    };
    Ok((subject, head))
}

/// A revision that was judged as `gitsm validate --head` judges it.
pub(crate) struct JudgedRevision {
    /// Its manifests.
    pub(crate) input: CommitInput,
    /// The commit.
    pub(crate) commit: String,
    /// Whether there are findings, which are printed then.
    pub(crate) exit: Exit,
    /// How many findings there are that do not forbid anything; they are not printed.
    pub(crate) warnings: usize,
}

/// Judges a revision of a repository below a folder of it (empty for all of it), and prints the findings if any of them is an error.
///
/// # Errors
///
/// When the revision cannot be read, or holds no resource.
pub(crate) fn judge_revision(
    repository: &revision::Repository,
    revision: &str,
    within: &str,
) -> anyhow::Result<JudgedRevision> {
    let folder = repository.root().join(within);
    let paths = [folder.to_string_lossy().into_owned()];
    let (mut subject, input) = subject_at(repository, revision, None, &paths)?;
    let options = Options {
        at: this_second().timestamp(),
        jobs: jobs(),
        policies: std::mem::take(&mut subject.policies),
        limits: Limits::default(),
        list_judged: false,
        only: Vec::new(),
    };
    let mut report = engine::run(&input, &subject.config, &KindSet::new(), &options)?;
    report.summary.revision.clone_from(&subject.revision);
    ensure!(
        report.summary.documents > 0 || !report.findings.is_empty(),
        "there is no resource with `apiVersion: {}` at {revision} of {}",
        gitsm_api::API_VERSION,
        folder.display()
    );
    let warnings = report.findings.len();
    let exit = if report.reaches(Level::Error) {
        let format = Format::Human;
        render_report(&report, format, &input, Color::Auto, false)?;
        Exit::Findings
    } else {
        Exit::Clean
    };
    Ok(JudgedRevision {
        input,
        commit: subject.revision.unwrap_or_default(),
        exit,
        warnings,
    })
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The policies in a file or folder of the working tree.
fn policies_at(path: &Path) -> anyhow::Result<Vec<PolicySource>> {
    let shown = path.to_string_lossy().into_owned();
    let input = DiskInput::collect(std::slice::from_ref(&shown), &|_| true)
        .with_context(|| format!("policies in {shown}"))?;
    let found = engine::policies_in(&input).with_context(|| format!("policies in {shown}"))?;
    ensure!(!found.is_empty(), "no RecordPolicy in {shown}");
    Ok(found)
}

fn add_crds(kinds: &mut KindSet, path: &str) -> anyhow::Result<()> {
    let input = DiskInput::collect(&[path.to_owned()], &|_| true)?;
    let mut added = 0;
    for crd in engine::crds_in(&input)? {
        kinds.add_crd(&crd)?;
        added += 1;
    }
    ensure!(added > 0, "no CustomResourceDefinition in {path}");
    Ok(())
}

fn print(args: &ValidateArgs, subject: &Subject, mut report: Report) -> anyhow::Result<()> {
    report.judged.sort();
    render_report(&report, args.format, &*subject.input, args.color, args.summary)
}

fn render_report(
    report: &Report,
    format: Format,
    input: &dyn Input,
    color: Color,
    summary_only: bool,
) -> anyhow::Result<()> {
    let options = RenderOptions {
        color: color.for_stdout(),
        summary_only,
        ..RenderOptions::default()
    };
    let sources = InputSources { input };
    let mut out = BufWriter::new(std::io::stdout().lock());
    render::render(report, format, &sources, &options, &mut out)?;
    out.flush()?;
    Ok(())
}

/// The text of judged files, read again for the few that have findings.
struct InputSources<'a> {
    input: &'a dyn Input,
}

impl Sources for InputSources<'_> {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        let index = self
            .input
            .files()
            .binary_search_by(|known| (*known.name).cmp(file))
            .ok()?;
        let bytes = self.input.read(index, u64::MAX).ok()?;
        Some(String::from_utf8_lossy(&bytes).into())
    }
}
