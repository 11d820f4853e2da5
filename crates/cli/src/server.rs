//! The HTTP server: socket, router, signals, and an orderly end.

use std::{future::IntoFuture, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    extract::{ConnectInfo, Request},
    serve::ListenerExt,
};
use engage_app::Engage;
use engage_http::token::TokenKey;
use engage_native::Platform;
use tokio::net::TcpListener;

use crate::exit::Exit;

/// How long requests in flight may take to end once the server is told to stop.
const REQUESTS: Duration = Duration::from_secs(10);
/// How long the platform may then take: shards write what they have accepted, indexes catch up.
const PLATFORM: Duration = Duration::from_secs(10);

/// A server that listens already.
pub struct Server {
    engage: Arc<Engage<Platform>>,
    listener: TcpListener,
    address: SocketAddr,
    router: axum::Router,
}

/// Logs to standard error, for people on a terminal and as JSON lines elsewhere; `ENGAGE_LOG` filters (default `info`).
pub fn init_logging() {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENGAGE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call, in tests, keeps the first one's log.
    let _ = if std::io::stderr().is_terminal() { log.compact().try_init() } else { log.json().try_init() };
}

impl Server {
    /// Binds the socket and builds the router.
    pub async fn start(
        platform: Platform,
        listen: SocketAddr,
        key: TokenKey,
        trust_proxy: bool,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let engage = Arc::new(Engage::new(platform, key.as_bytes()));
        let config = engage_http::Config {
            metrics: metrics_renderer(Arc::clone(&engage)),
            ready: ready_check(Arc::clone(&engage)),
            trust_proxy,
            ..engage_http::Config::new(key)
        };
        let router = engage_http::router(Arc::clone(&engage), config).layer(axum::middleware::from_fn(note_peer));
        Ok(Self { engage, listener, address, router })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The application that it serves.
    pub fn engage(&self) -> &Arc<Engage<Platform>> {
        &self.engage
    }

    /// Serves until SIGTERM or Ctrl+C, then ends in order: no new connections, streams closed, requests finished, indexes caught up; within
    /// a bound. A second signal ends it at once; what was acknowledged is durable in any case.
    pub async fn run(self) -> anyhow::Result<Exit> {
        let Self { engage, listener, router, .. } = self;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let listener = listener.tap_io(|socket| {
            // Answers are small and each is waited for.
            let _ = socket.set_nodelay(true);
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, service).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let mut server = std::pin::pin!(server.into_future());
        tokio::select! {
            ended = &mut server => ended.context("the server ended")?,
            signal = signal() => {
                tracing::info!(signal, "ending");
                let _ = stop.send(());
                engage.runtime().end_streams();
                tokio::select! {
                    ended = tokio::time::timeout(REQUESTS, &mut server) => match ended {
                        Ok(ended) => ended.context("the server ended")?,
                        Err(_) => tracing::warn!("requests were still in flight after {REQUESTS:?}"),
                    },
                    signal = self::signal() => tracing::warn!(signal, "ending at once"),
                }
            }
        }
        let ended = tokio::task::spawn_blocking(move || engage.runtime().shut_down(PLATFORM)).await?;
        if !ended {
            tracing::warn!("the indexes had not caught up after {PLATFORM:?}; they will at the next start");
        }
        Ok(Exit::Ok)
    }
}

/// Tells the router, which knows no sockets, where a request comes from.
async fn note_peer(
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    request.extensions_mut().insert(engage_http::Peer(address.ip()));
    next.run(request).await
}

async fn signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = tokio::signal::ctrl_c() => "SIGINT",
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
            "SIGINT"
        }
    }
}

fn metrics_renderer(engage: Arc<Engage<Platform>>) -> Arc<dyn Fn() -> String + Send + Sync> {
    // In a process there is one recorder; a second server of the same process shares it.
    static RECORDER: std::sync::OnceLock<Option<metrics_exporter_prometheus::PrometheusHandle>> =
        std::sync::OnceLock::new();
    let recorder =
        RECORDER.get_or_init(|| metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok()).clone();
    Arc::new(move || {
        engage.runtime().record_gauges();
        recorder.as_ref().map(|recorder| recorder.render()).unwrap_or_default()
    })
}

/// A server is ready while its follower lives; an index that lags is not a reason to take it out of service.
const HEARTBEAT_MAX_MS: i64 = 30_000;

fn ready_check(engage: Arc<Engage<Platform>>) -> Arc<dyn Fn() -> Result<(), String> + Send + Sync> {
    Arc::new(move || match engage.runtime().heartbeat_age_ms() {
        age if age > HEARTBEAT_MAX_MS => Err(format!("the index follower has been silent for {age} ms")),
        _ => Ok(()),
    })
}
