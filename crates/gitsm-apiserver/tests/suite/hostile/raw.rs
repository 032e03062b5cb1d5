//! Connections that send bytes as they please.

use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends bytes; the server may have closed the connection before it has read them all.
pub(super) async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = tokio::time::timeout(PATIENCE, stream.write_all(bytes))
        .await
        .expect("the server reads or closes");
}

/// The status of the next answer; 0 where the connection ends without one.
pub(super) async fn status(stream: &mut TcpStream) -> u16 {
    let mut head = Vec::new();
    let mut piece = [0; 4_096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece))
            .await
            .expect("the server answers or closes");
        match read {
            Ok(0) | Err(_) => break,
            Ok(count) => head.extend_from_slice(&piece[..count]),
        }
    }
    let text = String::from_utf8_lossy(&head);
    let code = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.unwrap_or(0)
}

/// Waits until the server closes the connection.
pub(super) async fn until_closed(stream: &mut TcpStream) {
    let mut piece = [0; 4_096];
    let closed = async { while matches!(stream.read(&mut piece).await, Ok(count) if count > 0) {} };
    tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("the server closes the connection");
}

/// An HTTP/2 frame.
pub(super) fn frame(ty: u8, flags: u8, stream: u32, payload: &[u8]) -> Bytes {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], ty, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame.into()
}

/// What an HTTP/2 client sends first.
pub(super) fn preface() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend_from_slice(&frame(4, 0, 0, &[]));
    bytes
}

/// The header block of `GET /version`, without any compression.
pub(super) fn version_headers() -> Vec<u8> {
    // :method GET and :scheme http are in the static table; :path and :authority are literals with indexed names.
    let mut block = vec![0x82, 0x86, 0x04, 8];
    block.extend_from_slice(b"/version");
    block.extend_from_slice(&[0x01, 4]);
    block.extend_from_slice(b"test");
    block
}
