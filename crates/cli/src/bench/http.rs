//! Writing and reading over HTTP on loopback, in the same process as the load.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
    response::Response,
    serve::ListenerExt,
};
use engage_app::Engage;
use engage_domain::{ConversationId, FirmId, Role};
use engage_http::token::{TokenKey, TokenRequest, issue_token};
use engage_native::{Options, Platform};
use tokio::{net::TcpListener, runtime::Runtime};

use super::{
    Figure, bare, baseline,
    client::{self, Load},
    rig::{self, CONTENT, Rig, median, median_of},
};

/// Connections at the most, each to a conversation of its own.
const CONNECTIONS: usize = 64;

/// The key of servers that live only as long as a measurement.
pub(super) const KEY: &[u8; 32] = b"a key of the benchmarks: 32 byte";

/// How long the token works.
const TTL_MS: i64 = 3_600_000;

/// The API and the bare route, each on a listener and a runtime of its own.
struct Servers {
    ours: SocketAddr,
    bare: SocketAddr,
    ids: Vec<ConversationId>,
    token: String,
    runtimes: Vec<Runtime>,
    /// Ended here, behind the servers, rather than by whichever of their threads lets go of it last.
    _engage: Arc<Engage<Platform>>,
}

impl Servers {
    /// Starts both, with some messages in each conversation.
    fn start(rig: &Rig, name: &str, messages: usize) -> anyhow::Result<Self> {
        let key = TokenKey::new(*KEY);
        let (platform, firm) = rig.platform(name)?;
        let ids = rig.tokio.block_on(async {
            let ids = rig::start_some(&platform, &firm, CONNECTIONS).await?;
            rig::say_much(&platform, &firm, &ids, messages.saturating_sub(1)).await?;
            rig::settle(&platform, &firm).await?;
            anyhow::Ok(ids)
        })?;
        let path = platform.folder().firm(&firm).join("journal.db");
        let bytes = baseline::last_message(&path)?;
        drop(platform);
        // The same folder again, for the application to own.
        let platform = Platform::open(&rig.path(name), Options::default())?;
        let token = token(&key, &firm);
        let engage = Arc::new(Engage::new(platform, key.as_bytes()));
        let api = api(&engage, key);
        let path = rig.path(&format!("{name}-bare.db"));
        let bare = bare::router(&path, bytes, &token, crate::now().plus_millis(TTL_MS))?;
        let (ours_runtime, ours) = serve(api)?;
        let (bare_runtime, bare) = serve(bare)?;
        Ok(Self { ours, bare, ids, token, runtimes: vec![ours_runtime, bare_runtime], _engage: engage })
    }

    /// Requests that add a message each, on so many connections, to the API.
    fn writes(&self, connections: usize) -> Vec<Arc<[u8]>> {
        let path = |id| format!("/api/v1/firm/conversations/{id}/messages");
        let ids = self.ids.iter().take(connections);
        ids.map(|id| client::request("POST", &path(id), &self.token, &message())).collect()
    }

    /// The same to the bare route.
    fn bare_writes(&self, connections: usize) -> Vec<Arc<[u8]>> {
        vec![client::request("POST", "/bare", &self.token, &message()); connections]
    }

    /// Requests for a conversation's detail.
    fn reads(&self, connections: usize) -> Vec<Arc<[u8]>> {
        let path = |id| format!("/api/v1/firm/conversations/{id}");
        self.ids.iter().take(connections).map(|id| client::request("GET", &path(id), &self.token, "")).collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for runtime in self.runtimes.drain(..) {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

pub(super) fn token(key: &TokenKey, firm: &FirmId) -> String {
    let request = TokenRequest {
        firm,
        subject: "ann",
        role: Role::Attorney,
        issued_at: crate::now(),
        ttl_ms: TTL_MS,
        email: None,
        name: None,
    };
    issue_token(key, &request)
}

fn message() -> String {
    serde_json::json!({ "role": "user", "content": CONTENT }).to_string()
}

/// All that `engage serve` serves.
pub(super) fn api(engage: &Arc<Engage<Platform>>, key: TokenKey) -> Router {
    engage_http::router(Arc::clone(engage), engage_http::Config::new(key)).layer(from_fn(note_peer))
}

/// Serves a router on loopback, as `engage serve` does.
pub(super) fn serve(router: Router) -> anyhow::Result<(Runtime, SocketAddr)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    runtime.spawn(async move {
        let _ = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await;
    });
    Ok((runtime, address))
}

async fn note_peer(ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(engage_http::Peer(address.ip()));
    next.run(request).await
}

/// What was seen in alternating rounds: the API, the bare route, the disk.
struct Rounds {
    ours: Vec<Load>,
    bare: Vec<Load>,
    syncs: Vec<f64>,
}

impl Rounds {
    /// Many short rounds rather than few long ones, so that what else the machine does falls on both sides.
    fn run(rig: &Rig, servers: &Servers, ours: &[Arc<[u8]>]) -> anyhow::Result<Self> {
        let (rounds, lasting) = (rig.size(3, 11), Duration::from_millis(rig.size(200, 600)));
        let bare = servers.bare_writes(ours.len());
        let load = |address, requests| rig.tokio.block_on(client::load(address, requests, lasting));
        // The first round warms both up and does not count.
        load(servers.ours, ours)?;
        load(servers.bare, &bare)?;
        let mut seen = Self { ours: vec![], bare: vec![], syncs: vec![] };
        for _ in 0..rounds {
            seen.bare.push(load(servers.bare, &bare)?);
            let before = rig.fdatasync_us(100)?;
            seen.ours.push(load(servers.ours, ours)?);
            seen.syncs.push(f64::midpoint(before, rig.fdatasync_us(100)?));
        }
        Ok(seen)
    }

    /// The time of one request against one `fdatasync`.
    fn against_disk(&self) -> Figure {
        let ratio = median(self.ours.iter().zip(&self.syncs).map(|(ours, sync)| ours.p50_us / sync).collect());
        let figure = Figure::new(median_of(&self.ours, |load| load.p50_us), median(self.syncs.clone()), ratio, "µs");
        self.described(figure).with_number("bare_p50_us", median_of(&self.bare, |load| load.p50_us))
    }

    /// Requests a second against those of the bare route.
    fn against_bare(&self) -> Figure {
        let pairs = self.ours.iter().zip(&self.bare);
        let ratio = median(pairs.map(|(ours, bare)| ours.per_second / bare.per_second).collect());
        let rate = |loads: &[Load]| median_of(loads, |load| load.per_second);
        self.described(Figure::new(rate(&self.ours), rate(&self.bare), ratio, "requests/s"))
    }

    fn described(&self, figure: Figure) -> Figure {
        figure
            .with_number("requests_per_s", median_of(&self.ours, |load| load.per_second))
            .with_number("p50_us", median_of(&self.ours, |load| load.p50_us))
            .with_number("p99_us", median_of(&self.ours, |load| load.p99_us))
    }
}

/// Durable messages over HTTP: the time of one at 1 connection against one `fdatasync`, the rate at 16 and 64 against the bare route.
pub(super) fn write(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let servers = Servers::start(rig, "write/http", 1)?;
    let seen = |connections| Rounds::run(rig, &servers, &servers.writes(connections));
    let one = seen(1)?.against_disk().at_most("<= 2.5", 2.5).above_floor();
    let some = seen(16)?.against_bare();
    let all = seen(CONNECTIONS)?.against_bare().at_least(">= 0.7", 0.7);
    Ok(vec![("write/http/1".into(), one), ("write/http/16".into(), some), (format!("write/http/{CONNECTIONS}"), all)])
}

/// Messages of each conversation whose detail is read: more than its page shows.
const MESSAGES: usize = 60;

/// A conversation's detail over HTTP, with the access entry that it leaves, against the same as a write: it is durable too.
pub(super) fn detail(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let servers = Servers::start(rig, "detail", MESSAGES)?;
    let seen = |connections| Rounds::run(rig, &servers, &servers.reads(connections));
    let one = seen(1)?.against_disk().above_floor();
    let all = seen(CONNECTIONS)?.against_bare().with("baseline_is", "a write to the bare route");
    Ok(vec![("detail/1".into(), one), (format!("detail/{CONNECTIONS}"), all)])
}
