//! Kubernetes' own tests of its command line (`test/cmd` of its source), function by function.
//!
//! They are bash. The source package that `cargo xtask kube-apiserver` builds the real servers of has them; nothing of
//! it is in this repository. `harness.sh` beside this file stands in for what their own caller does, [`adapt`] for
//! what has changed since they were written.

mod adapt;

use super::tool;
use gitsm_testkit::{ApiServer, Real, tier};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The functions that need no running workloads and nothing that newer servers have dropped, with the checks that
/// each passes on the real servers. Those that delete every namespace, or count kinds of the whole server, come last.
const FUNCTIONS: [(&str, usize); 16] = [
    ("run_crd_tests", 64),
    ("run_secrets_test", 24),
    ("run_configmap_tests", 8),
    ("run_create_secret_tests", 7),
    ("run_clusterroles_tests", 50),
    ("run_service_accounts_tests", 5),
    ("run_impersonation_tests", 1),
    ("run_kubectl_diff_tests", 12),
    ("run_kubectl_diff_same_names", 4),
    ("run_kubectl_server_side_apply_tests", 12),
    ("run_kubectl_sort_by_tests", 20),
    ("run_kubectl_create_filter_tests", 3),
    ("run_kubectl_version_tests", 9),
    ("run_wait_tests", 3),
    ("run_kubectl_delete_allnamespaces_tests", 4),
    ("run_namespace_tests", 7),
];

/// The slowest takes a quarter of a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// Kinds that guarded parts of the functions may use: those without pods.
const SUPPORTED: &str = "namespaces configmaps secrets serviceaccounts customresourcedefinitions clusterroles roles \
                         subjectaccessreviews";

#[test]
fn functions_of_upstream_pass_on_the_embedded_server() {
    if tier::skips_real("functions_of_upstream_pass_on_the_embedded_server")
        || tool::skips("functions_of_upstream_pass_on_the_embedded_server")
    {
        return;
    }
    let scene = Scene::new();
    let mut report = String::new();
    let mut failed = Vec::new();
    for (function, checks) in FUNCTIONS {
        // Each finds a server as it is at its start, whatever the one before has left behind.
        let server = tool::start();
        let ran = scene.run(function, &server);
        let _ = writeln!(report, "{function}: {ran}");
        if !ran.passed || ran.checks < checks {
            failed.push(format!("{function}, of {checks} checks: {ran}\n{}", ran.output));
        }
    }
    eprintln!("{report}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn functions_of_upstream_pass_on_the_real_servers() {
    if tier::skips_real("functions_of_upstream_pass_on_the_real_servers")
        || tool::skips("functions_of_upstream_pass_on_the_real_servers")
    {
        return;
    }
    let scene = Scene::new();
    let server = Real::start().await.unwrap();
    let mut report = String::new();
    let mut failed = Vec::new();
    for (function, checks) in FUNCTIONS {
        let ran = scene.run(function, &server);
        let _ = writeln!(report, "{function}: {ran}");
        // The table says what they pass, no more and no less.
        if !ran.passed || ran.checks != checks {
            failed.push(format!("{function}, of {checks} checks: {ran}\n{}", ran.output));
        }
    }
    eprintln!("{report}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The scripts, made ready.
struct Scene {
    source: PathBuf,
    scripts: tempfile::TempDir,
    kubectl: &'static tool::Kubectl,
}

struct Ran {
    passed: bool,
    checks: usize,
    took: Duration,
    output: String,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = if self.passed { "passed" } else { "FAILED" };
        write!(
            f,
            "{how}, {} checks in {:.1} s",
            self.checks,
            self.took.as_secs_f64()
        )
    }
}

impl Scene {
    fn new() -> Self {
        let source = source();
        let scripts = tempfile::Builder::new().prefix("gitsm-test-").tempdir().unwrap();
        adapt::copy(&source.join("test/cmd"), scripts.path());
        // The oldest speaks most like the one of the source.
        let kubectl = &tool::found()[0];
        eprintln!("kubectl 1.{}, scripts of {}", kubectl.minor, source.display());
        Self {
            source,
            scripts,
            kubectl,
        }
    }

    fn run(&self, function: &str, server: &dyn ApiServer) -> Ran {
        let folder = tempfile::Builder::new().prefix("gitsm-test-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["bin", "home", "work"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::os::unix::fs::symlink(&self.kubectl.program, at("bin").join("kubectl")).unwrap();
        std::fs::copy(server.kubeconfig_path(), at("kubeconfig")).unwrap();
        std::fs::write(at("harness.sh"), include_str!("harness.sh")).unwrap();
        let log = std::fs::File::create(at("log")).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let started = Instant::now();
        // `timeout` ends the whole group of processes, of which the scripts leave some behind.
        let status = Command::new("timeout")
            .args(["--kill-after=5", &PATIENCE.as_secs().to_string(), "bash"])
            .arg(at("harness.sh"))
            .env_clear()
            .env("PATH", format!("{}:{path}", at("bin").display()))
            .env("HOME", at("home"))
            .env("TMPDIR", folder.path())
            .env("KUBECONFIG", at("kubeconfig"))
            .env("KUBECACHEDIR", at("cache"))
            .env("FUNCTION", function)
            .env("SOURCE", &self.source)
            .env("SCRIPTS", self.scripts.path())
            .env("SERVER", server.url())
            .env("SUPPORTED", SUPPORTED)
            .current_dir(at("work"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let output = String::from_utf8_lossy(&std::fs::read(at("log")).unwrap()).into_owned();
        Ran {
            passed: status.success() && output.contains(&format!("+++ {function} ended well")),
            checks: output
                .lines()
                .filter(|line| line.starts_with("Successful") || line.contains(": Successful "))
                .count(),
            took: started.elapsed(),
            output,
        }
    }
}

/// The parts of the source that `cargo xtask kube-apiserver` keeps beside the servers that it built.
fn source() -> PathBuf {
    let servers = gitsm_testkit::Servers::find().unwrap();
    let gitsm_testkit::Layout::Split { apiserver, .. } = &servers.layout else {
        panic!("the tests of test/cmd need its source package: run without KUBEBUILDER_ASSETS");
    };
    let source = apiserver.parent().and_then(Path::parent).unwrap().join("source");
    assert!(
        source.is_dir(),
        "{} is gone: run `cargo xtask kube-apiserver`",
        source.display()
    );
    source
}
