//! Clients that mean harm or are broken, over real connections: the server lives, stays within its memory, and
//! answers everyone else within a second.
//!
//! The server is a process of its own. While a test does its worst, a bystander, in a thread of its own, asks and
//! writes small things all the time and notes how long each answer took. Another bystander does the same with another
//! server, which nobody attacks: what holds up that one is the machine's doing.

mod bombs;
mod raw;
mod sockets;

use crate::child::{Child, Options};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// The longest that an attack may hold up anyone else.
const LONGEST: Duration = Duration::from_secs(1);
/// How much longer the machine may hold up one server than another one at the same time.
const UNEVEN: u32 = 3;

/// A server under attack, and the bystander.
struct Scene {
    child: Child,
    /// A server that nobody attacks.
    other: Child,
    memory: u64,
    folder: TempDir,
}

impl Scene {
    async fn new(options: Options) -> Self {
        let folder = TempDir::new().unwrap();
        let child = Child::start(&folder.path().join("attacked"), options).await;
        let other = Child::start(&folder.path().join("other"), Options::default()).await;
        Self {
            memory: child.memory(),
            child,
            other,
            folder,
        }
    }

    fn address(&self) -> SocketAddr {
        self.child.address
    }

    /// Lets an attack run and asserts that nobody else noticed.
    async fn during<T>(&self, what: &str, attack: impl Future<Output = T>) -> T {
        let bystanders = [&self.child, &self.other].map(|child| Bystander::start(child.address));
        let began = Instant::now();
        let result = attack.await;
        // At least a few of their requests have to fall into the attack.
        let rest = Duration::from_millis(100).saturating_sub(began.elapsed());
        tokio::time::sleep(rest).await;
        let [attacked, other] = bystanders;
        let (longest, undisturbed) = tokio::join!(attacked.stop(), other.stop());
        println!(
            "{what}: {:?}, a bystander waited {longest:?}, elsewhere {undisturbed:?}",
            began.elapsed()
        );
        assert!(
            longest < LONGEST + undisturbed * UNEVEN,
            "{what}: another client waited {longest:?}, elsewhere {undisturbed:?}"
        );
        result
    }

    /// Ends the server, which must still be well and must not have taken `most` MiB more than at its beginning.
    fn finish(mut self, most: u64) {
        let now = self.child.memory();
        println!("{} MiB before, {now} MiB after", self.memory);
        assert!(
            now < self.memory + most,
            "{} MiB before, {now} MiB after",
            self.memory
        );
        self.child.kill();
        self.other.kill();
        drop(self.folder);
    }
}

/// Someone who asks for small things and is not to be held up.
struct Bystander {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Bystander {
    fn start(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(ask_again_and_again(address, &stopped))
        });
        Self { stop, thread }
    }

    async fn stop(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        tokio::task::spawn_blocking(|| self.thread.join().unwrap())
            .await
            .unwrap()
    }
}

async fn ask_again_and_again(address: SocketAddr, stop: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    let mut client = Client::open(address).await;
    for round in 0_u64.. {
        let began = Instant::now();
        match round % 4 {
            // Someone new.
            0 => {
                client = Client::open(address).await;
                client
                    .expect(200, "GET", "/api/v1/namespaces/default", "", "")
                    .await;
            }
            1 => {
                let name = format!("b-{}", crate::hostile::unique());
                let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}});
                client
                    .expect(
                        201,
                        "POST",
                        "/api/v1/namespaces/default/configmaps",
                        "application/json",
                        &object.to_string(),
                    )
                    .await;
            }
            2 => drop(client.expect(200, "GET", "/apis", "", "").await),
            _ => drop(
                client
                    .expect(200, "GET", "/api/v1/namespaces?limit=5", "", "")
                    .await,
            ),
        }
        longest = longest.max(began.elapsed());
        if stop.load(Ordering::Relaxed) {
            return longest;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    longest
}

/// A number that no one else in this process has.
fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A client that does as it should.
struct Client(SendRequest<Full<bytes::Bytes>>);

impl Client {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn begin(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> http::Response<hyper::body::Incoming> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "test")
            .header("user-agent", "hostile/1")
            .header("content-type", content_type)
            .body(Full::new(bytes::Bytes::copy_from_slice(body.as_bytes())))
            .unwrap();
        self.0.ready().await.unwrap();
        tokio::time::timeout(Duration::from_mins(2), self.0.send_request(request))
            .await
            .unwrap()
            .unwrap()
    }

    /// Code and body.
    async fn ask(&mut self, method: &str, path: &str, content_type: &str, body: &str) -> (u16, bytes::Bytes) {
        let response = self.begin(method, path, content_type, body).await;
        let code = response.status().as_u16();
        (code, response.into_body().collect().await.unwrap().to_bytes())
    }

    async fn expect(&mut self, code: u16, method: &str, path: &str, content_type: &str, body: &str) -> Value {
        let (found, answer) = self.ask(method, path, content_type, body).await;
        let text = String::from_utf8_lossy(&answer[..answer.len().min(1_000)]).into_owned();
        assert_eq!(found, code, "{method} {path}: {text}");
        serde_json::from_slice(&answer).unwrap_or_default()
    }
}
