//! Both sites on free loopback ports over a temporary store, with synthetic staff and somebody who plays the worker: for
//! working on pages, and for the browser tests in `ui/`. Prints one JSON line with the addresses.
//!
//! ```text
//! cargo run -p filmdesk-web --example showcase
//! ```

#[path = "../tests/site/common/mod.rs"]
mod common;

use common::{PASSWORD, TestDesk};
use filmdesk_web::{Listener, Server, WebConfig};
use std::time::Duration;

#[tokio::main]
async fn main() {
    let desk = TestDesk::open().await;
    let free = || Listener { address: ([127, 0, 0, 1], 0).into(), tls: None };
    let config = WebConfig {
        store: desk.store.clone(),
        rules: desk.rules.clone(),
        clock: desk.clock.clone(),
        demo: true,
        public: free(),
        staff: free(),
        trusted_proxies: Vec::new(),
    };
    let server = Server::bind(config).await.expect("two free ports");
    let addresses =
        serde_json::json!({ "public": server.public_url(), "staff": server.staff_url(), "password": PASSWORD });
    println!("{addresses}");
    let worker = desk.worker();
    // Slow enough that a page can be seen waiting.
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(2500)).await;
            worker.work().await;
        }
    });
    server.run(async { drop(tokio::signal::ctrl_c().await) }).await;
}
