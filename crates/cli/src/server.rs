//! The HTTP server: socket, router, signals, and an orderly end.

use std::{future::IntoFuture, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    extract::{ConnectInfo, Request},
    serve::ListenerExt,
};
use engage_app::Engage;
use engage_http::{Identity, token::TokenKey};
use engage_native::{Platform, Schedule};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

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
    signals: Signals,
}

/// What asks the server to end. Caught from the moment this is made: before it, either signal ends the process as it stands.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Completes when standard input closes; none where that asks for nothing.
    input: Option<oneshot::Receiver<()>>,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, input: None })
    }

    /// Waits for any. Standard input closes once; it is not told again.
    async fn next(&mut self) -> &'static str {
        let Self { terminate, interrupt, input } = self;
        let closed = async {
            match input {
                Some(end) => drop(end.await),
                None => std::future::pending().await,
            }
        };
        let signal = tokio::select! {
            _ = terminate.recv() => return "SIGTERM",
            _ = interrupt.recv() => return "SIGINT",
            () = closed => "end of standard input",
        };
        self.input = None;
        signal
    }
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
    /// Binds the socket and builds the router. `identities` may sign in without a token.
    pub async fn start(
        platform: Platform,
        listen: SocketAddr,
        key: TokenKey,
        trust_proxy: bool,
        schedule: Option<Schedule>,
        identities: Vec<Identity>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let signals = Signals::catch().context("cannot catch SIGTERM and SIGINT")?;
        let engage = Arc::new(Engage::new(platform, key.as_bytes()));
        if let Some(schedule) = schedule {
            tokio::spawn(maintain(Arc::clone(&engage), schedule));
        }
        let config = engage_http::Config {
            metrics: metrics_renderer(Arc::clone(&engage)),
            ready: ready_check(Arc::clone(&engage)),
            trust_proxy,
            identities,
            ..engage_http::Config::new(key)
        };
        let router = engage_http::router(Arc::clone(&engage), config).layer(axum::middleware::from_fn(note_peer));
        Ok(Self { engage, listener, address, router, signals })
    }

    /// Has the end of standard input ask the server to end, as SIGTERM does: so it ends with whoever started it, and a supervisor needs no
    /// signals. What is written there is read and ignored.
    pub fn until_input_closes(&mut self) {
        let (closed, input) = oneshot::channel();
        // A thread of its own, which the process's end does not wait for: reading standard input cannot be called off.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            let _ = closed.send(());
        });
        self.signals.input = Some(input);
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The application that it serves.
    pub fn engage(&self) -> &Arc<Engage<Platform>> {
        &self.engage
    }

    /// Does `work`, for a server that is not ready yet; none when it is told to end meanwhile. What it was told then is not told again:
    /// end it with [`Server::end`].
    pub async fn prepare<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            signal = self.signals.next() => {
                tracing::info!(signal, "ending before it was ready");
                None
            }
        }
    }

    /// Ends a server that never served.
    pub async fn end(self) -> anyhow::Result<Exit> {
        shut_down(self.engage).await
    }

    /// Serves until SIGTERM or Ctrl+C, or what else it was told to heed, then ends in order: no new connections, streams closed, requests finished, indexes caught up; within
    /// a bound. A second signal ends it at once; what was acknowledged is durable in any case.
    pub async fn run(self) -> anyhow::Result<Exit> {
        let Self { engage, listener, router, mut signals, .. } = self;
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
            signal = signals.next() => {
                tracing::info!(signal, "ending");
                let _ = stop.send(());
                engage.runtime().end_streams();
                tokio::select! {
                    ended = tokio::time::timeout(REQUESTS, &mut server) => match ended {
                        Ok(ended) => ended.context("the server ended")?,
                        Err(_) => tracing::warn!("requests were still in flight after {REQUESTS:?}"),
                    },
                    signal = signals.next() => tracing::warn!(signal, "ending at once"),
                }
            }
        }
        shut_down(engage).await
    }
}

/// How often it is looked whether a firm is due.
const LOOK: Duration = Duration::from_secs(5);

/// Looks after the firms by schedule, for as long as the runtime lasts.
async fn maintain(engage: Arc<Engage<Platform>>, schedule: Schedule) {
    loop {
        tokio::time::sleep(LOOK).await;
        for firm in engage.runtime().maintain(&schedule).await {
            tracing::info!(%firm, "the nightly maintenance is done");
        }
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

async fn shut_down(engage: Arc<Engage<Platform>>) -> anyhow::Result<Exit> {
    let ended = tokio::task::spawn_blocking(move || engage.runtime().shut_down(PLATFORM)).await?;
    if !ended {
        tracing::warn!("the indexes had not caught up after {PLATFORM:?}; they will at the next start");
    }
    Ok(Exit::Ok)
}

/// How often samples that no scrape has fetched are folded into their histograms; without it they pile up.
const UPKEEP: Duration = Duration::from_secs(5);

fn metrics_renderer(engage: Arc<Engage<Platform>>) -> Arc<dyn Fn() -> String + Send + Sync> {
    // In a process there is one recorder; a second server of the same process shares it.
    static RECORDER: std::sync::OnceLock<Option<metrics_exporter_prometheus::PrometheusHandle>> =
        std::sync::OnceLock::new();
    let recorder =
        RECORDER.get_or_init(|| metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok()).clone();
    if let Some(recorder) = recorder.clone() {
        // Ends with the runtime.
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                recorder.run_upkeep();
            }
        });
    }
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
