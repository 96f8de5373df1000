//! Listening on loopback, and the signal that ends a server.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::StartError;

/// Resolves once the systems are told to stop, or their owner is gone.
#[derive(Clone, Debug)]
pub(crate) struct Stopped(watch::Receiver<bool>);

impl Stopped {
    pub(crate) fn new(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }

    pub(crate) async fn wait(mut self) {
        // An error means that the sender was dropped, which stops us as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Opens a listening socket on 127.0.0.1; port 0 picks a free one.
pub(crate) async fn listen(
    system: &'static str,
    port: u16,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listen_error = |source| StartError::Listen {
        system,
        address,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    Ok((listener, address))
}

pub(crate) async fn http(listener: TcpListener, router: Router, stopped: Stopped) {
    // `axum::serve` goes on after errors of single connections and only returns when told to stop.
    let _ = axum::serve(listener, router)
        .with_graceful_shutdown(stopped.wait())
        .await;
}
