//! kubectl: where it is, and how a test runs it with nothing of the machine's.

use gitsm_testkit::{ApiServer, Embedded};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No command of a test takes a tenth of this.
const PATIENCE: Duration = Duration::from_secs(60);

/// One kubectl of the machine.
#[derive(Debug, Clone)]
pub(crate) struct Kubectl {
    pub(crate) program: PathBuf,
    pub(crate) minor: u32,
}

/// One of each minor version, the oldest first.
pub(crate) fn found() -> &'static [Kubectl] {
    static FOUND: OnceLock<Vec<Kubectl>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let named = std::env::var_os("KUBECTL").filter(|name| !name.is_empty());
        let named = named.map(PathBuf::from);
        let on_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|folder| folder.join("kubectl"))
            .find(|program| program.is_file());
        // The one that was asked for wins, then those that say their version: the one on PATH may only choose one.
        let mut candidates: Vec<PathBuf> = named.into_iter().collect();
        candidates.extend(on_path.iter().flat_map(|program| beside(program)));
        candidates.extend(on_path);
        let mut found: Vec<Kubectl> = Vec::new();
        for program in candidates {
            let minor = minor(&program);
            if !found.iter().any(|known| known.minor == minor) {
                found.push(Kubectl { program, minor });
            }
        }
        found.sort_by_key(|kubectl| kubectl.minor);
        found
    })
}

/// Whether a test must leave for want of any kubectl; says so under its name.
#[must_use]
pub(crate) fn skips(test: &str) -> bool {
    let skips = found().is_empty();
    if skips {
        eprintln!("skipped: {test}: no kubectl on this machine; put one on PATH or name it in KUBECTL");
    }
    skips
}

/// `kubectl.1.NN` in the folder where a kubectl really is.
fn beside(program: &Path) -> Vec<PathBuf> {
    let real = program.canonicalize().unwrap();
    let is_versioned = |path: &PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        name.strip_prefix("kubectl.1.")
            .is_some_and(|minor| minor.parse::<u32>().is_ok())
    };
    let mut others: Vec<PathBuf> = std::fs::read_dir(real.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(is_versioned)
        .collect();
    others.sort();
    others
}

fn minor(program: &Path) -> u32 {
    let output = Command::new(program)
        .env_clear()
        .args(["version", "--client", "--output=json"])
        .output()
        .unwrap_or_else(|why| panic!("{} does not run: {why}", program.display()));
    let version: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|why| panic!("{} does not say its version: {why}", program.display()));
    version["clientVersion"]["minor"]
        .as_str()
        .and_then(|minor| minor.trim_end_matches('+').parse().ok())
        .unwrap_or_else(|| panic!("{} has an odd version: {version}", program.display()))
}

/// Runs a test with every kubectl, each against an embedded server of its own.
pub(crate) fn with_each(test: &str, run: impl Fn(&Session)) {
    if skips(test) {
        return;
    }
    for kubectl in found() {
        let server = start();
        let session = Session::new(kubectl, &server);
        eprintln!("{test}: kubectl 1.{}", kubectl.minor);
        run(&session);
    }
}

/// An embedded server, for tests that are not asynchronous themselves.
pub(crate) fn start() -> Embedded {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(Embedded::start()).unwrap()
}

/// kubectl with a home, a cache and a kubeconfig of its own.
pub(crate) struct Session {
    pub(crate) kubectl: Kubectl,
    folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) command: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    pub(crate) fn new(kubectl: &Kubectl, server: &dyn ApiServer) -> Self {
        let folder = new_folder();
        // kubectl locks and rewrites it.
        std::fs::copy(server.kubeconfig_path(), folder.path().join("kubeconfig")).unwrap();
        Self {
            kubectl: kubectl.clone(),
            folder,
        }
    }

    /// Writes a file that commands name without a folder.
    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join("files").join(name), text).unwrap();
    }

    /// Makes an editor that replaces one text by another.
    pub(crate) fn editor(&self, from: &str, to: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join("editor");
        std::fs::write(&path, format!("#!/bin/sh\nsed -i 's/{from}/{to}/' \"$1\"\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path.display().to_string()
    }

    /// The same kubectl as the holder of a token.
    pub(crate) fn as_holder_of(&self, token: &str) -> Self {
        let text = std::fs::read(self.folder.path().join("kubeconfig")).unwrap();
        let mut config: serde_json::Value = serde_json::from_slice(&text).unwrap();
        config["users"][0]["user"] = serde_json::json!({ "token": token });
        let folder = new_folder();
        std::fs::write(folder.path().join("kubeconfig"), config.to_string()).unwrap();
        Self {
            kubectl: self.kubectl.clone(),
            folder,
        }
    }

    /// Forgets what kubectl has learnt of the server, as it does by itself after some hours.
    pub(crate) fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.folder.path().join("cache"));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl.program);
        let at = self.folder.path();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", at.join("home"))
            .env("KUBECONFIG", at.join("kubeconfig"))
            .env("KUBECACHEDIR", at.join("cache"))
            .env("TMPDIR", at)
            .env("LANG", "C")
            .env("TERM", "dumb")
            .current_dir(at.join("files"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command, whatever it comes to. Arguments are separated by blanks; for others see [`Session::run`].
    pub(crate) fn try_run(&self, command: &str) -> Ran {
        self.run(&command.split_whitespace().collect::<Vec<_>>(), &[])
    }

    /// Runs a command with variables.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        finish(command, arguments, None)
    }

    /// Runs a command that must succeed; its output without blank space at the ends.
    pub(crate) fn ok(&self, command: &str) -> String {
        self.try_run(command).ok()
    }

    /// [`Session::ok`] for arguments with blanks.
    pub(crate) fn ok_with(&self, arguments: &[&str]) -> String {
        self.run(arguments, &[]).ok()
    }

    /// Runs a command that must fail; what it says.
    pub(crate) fn fails(&self, command: &str) -> String {
        self.try_run(command).fails()
    }

    /// [`Session::fails`] for arguments with blanks.
    pub(crate) fn fails_with(&self, arguments: &[&str]) -> String {
        self.run(arguments, &[]).fails()
    }

    /// Creates or changes what a manifest says.
    pub(crate) fn apply(&self, manifest: &str) -> String {
        self.feed(&["apply", "-f", "-"], manifest).ok()
    }

    /// Runs a command with a manifest on its standard input.
    pub(crate) fn feed(&self, arguments: &[&str], manifest: &str) -> Ran {
        // kubectl takes whatever begins with a brace for JSON.
        let input = &format!("---\n{manifest}");
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        finish(command, arguments, Some(input))
    }

    /// Starts a command that goes on until it is dropped.
    pub(crate) fn follow(&self, command: &str) -> Following {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let mut child = self.command(&arguments).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in std::io::BufRead::lines(std::io::BufReader::new(stdout)) {
                if line.is_ok_and(|line| sender.send(line).is_err()) {
                    break;
                }
            }
        });
        Following { child, lines }
    }
}

fn new_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("gitsm-test-").tempdir().unwrap();
    for part in ["home", "files"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
    }
    folder
}

fn finish(mut command: Command, arguments: &[&str], input: Option<&str>) -> Ran {
    let told = format!("kubectl {}", arguments.join(" "));
    let mut child = command.spawn().unwrap();
    if let Some(input) = input {
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    }
    let stdout = reading(child.stdout.take().unwrap());
    let stderr = reading(child.stderr.take().unwrap());
    let deadline = Instant::now() + PATIENCE;
    let mut rest = |stream: Receiver<String>| {
        stream
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .unwrap_or_else(|_| {
                let _ = child.kill();
                panic!("{told} has not ended after {PATIENCE:?}");
            })
    };
    let (stdout, stderr) = (rest(stdout), rest(stderr));
    Ran {
        command: told,
        code: child.wait().unwrap().code().unwrap_or(-1),
        stdout,
        stderr,
    }
}

fn reading(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self}");
        self.stdout.trim().to_owned()
    }

    #[track_caller]
    pub(crate) fn fails(self) -> String {
        assert_ne!(self.code, 0, "{self}");
        self.stderr.trim().to_owned()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ended with {}\n{}{}",
            self.command, self.code, self.stdout, self.stderr
        )
    }
}

/// A command that is still running.
pub(crate) struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    /// The next line that it prints.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("no further line")
    }
}

impl Following {
    /// Whether it ends by itself and well.
    pub(crate) fn ends_well(&mut self) -> bool {
        // Its output ends with it.
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap().success(),
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Columns of a printed table, without those that depend on the time.
#[track_caller]
pub(crate) fn rows(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

/// Asserts that a text holds another one.
#[track_caller]
pub(crate) fn holds(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}

/// The custom resource of most tests.
pub(crate) const WIDGETS: &str = include_str!("widgets.yaml");

/// A widget called `one`.
pub(crate) const ONE: &str = "\
apiVersion: matrix.example.com/v1
kind: Widget
metadata: {name: one, labels: {app: shop}}
spec: {title: first, replicas: 1, tags: [a, b], parts: [{name: p, count: 1}]}
";

impl Session {
    /// With the custom resource served and the widget `one` created.
    pub(crate) fn with_widget(&self) {
        self.with_widgets();
        assert_eq!(
            self.feed(&["create", "-f", "-"], ONE).ok(),
            "widget.matrix.example.com/one created"
        );
    }

    /// With the custom resource served.
    pub(crate) fn with_widgets(&self) {
        let created = self.feed(&["create", "-f", "-"], WIDGETS).ok();
        assert_eq!(
            created,
            "customresourcedefinition.apiextensions.k8s.io/widgets.matrix.example.com created"
        );
        self.ok("wait --for condition=Established crd/widgets.matrix.example.com");
    }
}
