//! Dev only.
use gitsm_apiserver::{
    http::{
        audit::NoAudit,
        gate::{NoReviews, OpenGate},
        limits::Limits,
    },
    registry::AdmitAll,
    server::{Server, ServerOptions},
};
use std::sync::Arc;
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let server = Server::start(ServerOptions {
        folder: args[1].clone().into(),
        listen: args[2].parse().unwrap(),
        tls: None,
        gate: Box::new(|_| Arc::new(OpenGate)),
        reviews: Box::new(|_| Arc::new(NoReviews)),
        admission: Arc::new(AdmitAll),
        audit: Arc::new(NoAudit),
        limits: Limits::default(),
        clock: Arc::new(jiff::Timestamp::now),
    })
    .await
    .unwrap();
    eprintln!("listening {}", server.address());
    tokio::signal::ctrl_c().await.unwrap();
    server.stop().await;
}
