//! A server in a process of its own, for tests that kill it, crowd it, or want to know how much memory it takes. The
//! process is this test binary itself.

use gitsm_apiserver::http::audit::NoAudit;
use gitsm_apiserver::http::gate::{NoReviews, OpenGate};
use gitsm_apiserver::http::limits::Limits;
use gitsm_apiserver::pki::Authority;
use gitsm_apiserver::registry::AdmitAll;
use gitsm_apiserver::server::{Server, ServerOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Names the folder to the process.
const FOLDER: &str = "GITSM_TEST_SERVER_FOLDER";
/// Set where it speaks TLS.
const TLS: &str = "GITSM_TEST_SERVER_TLS";
/// How many milliseconds it waits for slow clients.
const PATIENCE: &str = "GITSM_TEST_SERVER_PATIENCE";
const TEST: &str = "child::serves_where_another_test_asks_for_it";
const SAYS: &str = "listening on ";

/// How a server differs from the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) tls: bool,
    pub(crate) patience: Option<Duration>,
}

/// A server in a process of its own.
pub(crate) struct Child {
    process: std::process::Child,
    errors: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) address: SocketAddr,
}

/// A process that has not said yet where it listens.
pub(crate) struct Starting(std::process::Child);

impl Child {
    pub(crate) fn spawn(folder: &Path, options: Options) -> Starting {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            // It ends when this process is gone, however that ends.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if options.tls {
            command.env(TLS, "1");
        }
        if let Some(patience) = options.patience {
            command.env(PATIENCE, patience.as_millis().to_string());
        }
        Starting(command.spawn().unwrap())
    }

    /// Starts one and waits until it listens.
    pub(crate) async fn start(folder: &Path, options: Options) -> Self {
        let Starting(mut process) = Self::spawn(folder, options);
        let errors = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let noted = Arc::clone(&errors);
        let reader = std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| noted.lock().unwrap().push(line));
        });
        let output = BufReader::new(process.stdout.take().unwrap());
        let address = tokio::task::spawn_blocking(move || {
            let mut lines = output.lines().map_while(Result::ok);
            let address = lines.find_map(|line| line.split_once(SAYS)?.1.parse().ok());
            // Read on, so that it never waits for someone to read what it says.
            std::thread::spawn(move || lines.for_each(drop));
            address
        });
        let address: Option<SocketAddr> = address.await.unwrap();
        let Some(address) = address else {
            panic!(
                "the server ended before it listened: {:?} {errors:?}",
                process.wait()
            );
        };
        Self {
            process,
            errors,
            reader: Some(reader),
            address,
        }
    }

    /// Kills it as `kill -9` does. It must have been alive, and nothing in it may have panicked.
    pub(crate) fn kill(&mut self) {
        let ended = self.process.try_wait().unwrap();
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.reader.take().map(JoinHandle::join);
        let errors = self.errors.lock().unwrap();
        assert!(ended.is_none(), "the server died: {ended:?}: {errors:#?}");
        assert!(
            !errors.iter().any(|line| line.contains("panicked")),
            "{errors:#?}"
        );
    }

    /// Mebibytes of memory that it has now, where the system tells.
    pub(crate) fn memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: Option<u64> =
            resident.and_then(|text| text.trim_end_matches("kB").trim().parse().ok());
        kibibytes.unwrap_or(0) / 1_024
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Starting {
    pub(crate) fn kill_after(mut self, time: Duration) {
        std::thread::sleep(time);
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn serves_where_another_test_asks_for_it() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let tls = std::env::var_os(TLS).map(|_| {
        let now = SystemTime::now();
        std::fs::create_dir_all(folder.join("pki")).unwrap();
        let authority = Authority::load_or_create(&folder.join("pki"), now).unwrap();
        let server = authority.issue_server(&["127.0.0.1".to_owned()], now).unwrap();
        Arc::new(authority.server_config(&server).unwrap())
    });
    let patience = std::env::var(PATIENCE)
        .ok()
        .and_then(|text| text.parse().ok())
        .map(Duration::from_millis);
    let usual = Limits::default();
    let limits = Limits {
        head: patience.unwrap_or(usual.head),
        body: patience.unwrap_or(usual.body),
        reading: patience.unwrap_or(usual.reading),
        ..usual
    };
    let options = ServerOptions {
        folder: folder.join("store"),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls,
        gate: Box::new(|_| Arc::new(OpenGate)),
        reviews: Box::new(|_| Arc::new(NoReviews)),
        admission: Arc::new(AdmitAll),
        audit: Arc::new(NoAudit),
        limits,
        clock: Arc::new(jiff::Timestamp::now),
    };
    let server = runtime.block_on(Server::start(options)).unwrap();
    let mut output = std::io::stdout();
    output
        .write_all(format!("\n{SAYS}{}\n", server.address()).as_bytes())
        .unwrap();
    output.flush().unwrap();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(0);
}
