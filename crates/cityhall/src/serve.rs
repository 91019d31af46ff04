//! The server: takes connections, answers calls, and when told to stop ends what is in hand before it closes the database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::{App, web};

/// How long a connection may take to say what it wants. Keeps slow senders from holding connections.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);
/// How long to wait after the system refused a connection (no more files, for one).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that has its port but answers nobody yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// When somebody else has it.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address taken, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves, does jobs and follows events until `stop` is over; then ends what is in hand and closes the database.
    ///
    /// # Errors
    /// When the database reports a fault on closing.
    pub async fn run(self, app: Arc<App>, stop: impl Future<Output = ()>) -> Result<(), db::DbError> {
        let router = web::router(&app);
        let worker = tokio::spawn({
            let app = Arc::clone(&app);
            async move { app.work().await }
        });
        let connections = GracefulShutdown::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => answer(stream, &router, &connections),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.listener);
        tracing::info!("stopping: no more calls are taken");
        app.stop();
        let limit = Duration::from_secs(app.settings().stop_timeout_s);
        if tokio::time::timeout(limit, connections.shutdown()).await.is_err() {
            tracing::warn!("some calls were not answered within stop_timeout_s and are cut off");
        }
        if let Err(error) = worker.await {
            tracing::error!(%error, "workers and followers ended badly");
        }
        app.db().close().await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Answers one connection on its own task.
fn answer(stream: TcpStream, router: &Router, connections: &GracefulShutdown) {
    // Answers are small: they should not wait to be gathered.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away at once");
    }
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// Is over when the system asks the program to end (SIGTERM, or Ctrl-C).
pub async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tracing::warn!("SIGTERM cannot be watched; Ctrl-C stops the program");
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
