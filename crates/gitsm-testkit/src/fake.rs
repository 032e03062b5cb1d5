//! A server for the tests of this crate: it answers each path with bytes that were given to it, piece by piece.

use crate::{ApiServer, Credentials};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

/// One path and the pieces of its body.
pub(crate) type Answer = (&'static str, &'static [&'static str]);

/// A plain HTTP server; its thread ends with the test's process.
pub(crate) struct Fake {
    url: String,
}

impl Fake {
    pub(crate) fn start(answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                let path = head.split(' ').nth(1).unwrap_or_default();
                let answer = answers.iter().find(|(known, _)| *known == path);
                let status = if answer.is_some() {
                    "200 OK"
                } else {
                    "404 Not Found"
                };
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nConnection: close\r\nWarning: 299 - \"fake\"\r\n\r\n"
                )
                .unwrap();
                for piece in answer.map_or(&[][..], |(_, pieces)| pieces) {
                    stream.write_all(piece.as_bytes()).unwrap();
                    stream.flush().unwrap();
                }
            }
        });
        Self { url }
    }
}

impl ApiServer for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn ca(&self) -> &'static str {
        ""
    }

    fn admin(&self) -> &Credentials {
        &Credentials::Anonymous
    }

    fn kubeconfig_path(&self) -> &Path {
        Path::new("")
    }

    fn logs(&self) -> String {
        String::new()
    }
}
