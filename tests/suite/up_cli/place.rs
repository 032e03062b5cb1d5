//! A place of its own for a control plane: folder, port, and requests to it.

use crate::support::{Run, copy_tree, gitsm_path, hermetic, root};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// How many lines say that a server is ready.
const LINES: usize = 5;

/// A folder that nobody else uses. Servers that a failed test leaves behind in the background are stopped.
pub(crate) struct Place {
    folder: TempDir,
}

/// A server in the foreground. It is killed when this is dropped.
pub(crate) struct Up {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The five lines.
    pub(crate) lines: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// A small estate in a folder of this place.
    pub(crate) fn estate(&self, name: &str) -> PathBuf {
        let folder = self.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("gitsm.yaml"), "").unwrap();
        self.write(name, "Payments");
        folder
    }

    /// Writes its only team.
    pub(crate) fn write(&self, estate: &str, display_name: &str) {
        let text = format!(
            "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata: {{name: payments}}\nspec: {{displayName: {display_name}}}\n"
        );
        std::fs::write(self.path().join(estate).join("team.yaml"), text).unwrap();
    }

    /// The example company, with the policies beside it.
    pub(crate) fn acme(&self) -> PathBuf {
        for part in ["examples", "policies"] {
            copy_tree(&root().join(part), &self.path().join(part));
        }
        self.path().join("examples/acme")
    }

    /// A command with `--data` of this place.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = hermetic(gitsm_path(), self.path());
        command.args(arguments).arg("--data").arg(self.data());
        command
    }

    pub(crate) fn gitsm(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    /// Starts a server and waits until it is ready. The first one takes a free port; later ones remember it.
    pub(crate) fn up(&self, arguments: &[&str]) -> Up {
        let mut command = self.command(&["up"]);
        command.args(arguments);
        if !self.data().join("settings.json").exists() && !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        for _ in 0..LINES {
            if stdout.read_line(&mut lines).unwrap() == 0 {
                let run: Run = child.wait_with_output().unwrap().into();
                panic!("the server did not start:\n{lines}\n{run}");
            }
        }
        Up { child, stdout, lines }
    }

    /// Asks the server of this place.
    pub(crate) fn get(&self, path: &str) -> Value {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        self.send(request)
    }

    /// Changes an object as somebody else.
    pub(crate) fn patch(&self, path: &str, body: &str) -> Value {
        let request = http::Request::patch(format!("{path}?fieldManager=jane"))
            .header("Content-Type", "application/merge-patch+json")
            .body(body.as_bytes().to_vec())
            .unwrap();
        self.send(request)
    }

    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> Value {
        let kubeconfig = Kubeconfig::read_from(self.data().join("kubeconfig")).unwrap();
        send(kubeconfig, request).unwrap()
    }

    /// Every object of gitsm with its version, and every definition with its own.
    pub(crate) fn versions(&self) -> Vec<String> {
        let crds = self.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
        let mut found = Vec::new();
        for crd in crds["items"].as_array().unwrap() {
            let plural = crd["spec"]["names"]["plural"].as_str().unwrap();
            found.push(version(crd));
            let list = self.get(&format!("/apis/gitsm.dev/v1alpha1/{plural}"));
            found.extend(list["items"].as_array().unwrap().iter().map(version));
        }
        found.sort();
        found
    }

    /// What `gitsm status` says to programs.
    pub(crate) fn status(&self) -> Value {
        let run = self.gitsm(&["status", "--format", "json"]);
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.data().join("version").exists() {
            let _ = self.gitsm(&["down"]);
        }
    }
}

impl Up {
    /// Ends it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop, and gives what it came to. Its first five lines are not in it.
    pub(crate) fn stop(mut self) -> Run {
        let status = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut stderr = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        let status = self.child.wait().unwrap();
        Run {
            code: status.code().unwrap_or(-1),
            stdout,
            stderr,
        }
    }

    /// Tells it to stop, and it does so without complaint.
    pub(crate) fn stop_cleanly(self) {
        let run = self.stop();
        assert_eq!(run.code, 0, "{run}");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks as whoever a kubeconfig is for.
pub(crate) fn try_get(kubeconfig: Kubeconfig, path: &str) -> kube::Result<Value> {
    send(
        kubeconfig,
        http::Request::get(path)
            .body(Vec::new())
            .map_err(kube::Error::HttpError)?,
    )
}

fn send(kubeconfig: Kubeconfig, request: http::Request<Vec<u8>>) -> kube::Result<Value> {
    runtime().block_on(async {
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let mut config = config.map_err(kube::Error::InferKubeconfig)?;
        config.proxy_url = None;
        Client::try_from(config)?.request(request).await
    })
}

fn version(object: &Value) -> String {
    let meta = &object["metadata"];
    format!("{} {} {}", object["kind"], meta["name"], meta["resourceVersion"])
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
