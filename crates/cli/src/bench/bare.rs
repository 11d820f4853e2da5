//! The bare route: what HTTP, JSON, a token and durability cost by themselves.
//!
//! It parses the same JSON, looks the same token up among the verified ones and compares its expiry, as the API does for every
//! request but a token's first, and group-commits one hash-chained row of the same bytes. No object, no index, no access control
//! stands behind it.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use engage_domain::{Timestamp, conversation::Author, text::Private};
use engage_journal::Hash;
use engage_native::sqlite::Db;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::baseline::{self, Bytes, Row};

/// Most rows of one transaction; more than there are connections.
const BATCH_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: Author,
    content: Private,
}

#[derive(Serialize)]
struct Event<'a> {
    message_added: Recorded<'a>,
}

#[derive(Serialize)]
struct Recorded<'a> {
    at: Timestamp,
    role: Author,
    content: &'a Private,
}

#[derive(Serialize)]
struct Added {
    id: String,
    version: u64,
    timestamp: Timestamp,
}

struct Job {
    payload: String,
    done: oneshot::Sender<Added>,
}

struct Bare {
    verified: RwLock<HashMap<Box<str>, Timestamp>>,
    queue: SyncSender<Job>,
}

/// The route `POST /bare` on a database of its own. The writer's thread ends with the router.
pub(super) fn router(path: &Path, bytes: Bytes, token: &str, expires_at: Timestamp) -> anyhow::Result<Router> {
    let db = baseline::open(path)?;
    let (queue, jobs) = sync_channel(4 * BATCH_MAX);
    std::thread::Builder::new().name("bare-writer".into()).spawn(move || {
        if let Err(error) = write(db, &bytes, &jobs) {
            eprintln!("the bare route's writer ended: {error}");
        }
    })?;
    let verified = RwLock::new(HashMap::from([(token.into(), expires_at)]));
    Ok(Router::new().route("/bare", post(add)).with_state(Arc::new(Bare { verified, queue })))
}

async fn add(
    State(bare): State<Arc<Bare>>,
    headers: HeaderMap,
    Json(message): Json<Message>,
) -> Result<(StatusCode, Json<Added>), StatusCode> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let bearer = bearer.ok_or(StatusCode::UNAUTHORIZED)?;
    let expires_at = bare.verified.read().unwrap_or_else(PoisonError::into_inner).get(bearer).copied();
    if expires_at.is_none_or(|at| at <= crate::now()) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let event = Event { message_added: Recorded { at: crate::now(), role: message.role, content: &message.content } };
    let payload = serde_json::to_string(&event).map_err(|_| StatusCode::BAD_REQUEST)?;
    let (done, added) = oneshot::channel();
    bare.queue.try_send(Job { payload, done }).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let added = added.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Commits what waits, as much at once as there is, and answers.
fn write(mut db: Db, bytes: &Bytes, jobs: &Receiver<Job>) -> anyhow::Result<()> {
    let (mut version, mut head) = (0, Hash::ZERO);
    while let Ok(job) = jobs.recv() {
        let mut batch = vec![job];
        batch.extend(jobs.try_iter().take(BATCH_MAX - 1));
        let mut answers = vec![];
        db.begin()?;
        for Job { payload, done } in batch {
            version += 1;
            let (timestamp, id) = (crate::now(), ulid::Ulid(version.into()).to_string());
            let hash = Hash::of_payload(Some(&format!("{head:?}{payload}")));
            let at = timestamp.to_string();
            bytes.insert(&mut db, &Row { id: &id, at: &at, payload: &payload, prev_hash: &head, hash: &hash })?;
            head = hash;
            answers.push((done, Added { id, version, timestamp }));
        }
        db.commit()?;
        for (done, added) in answers {
            // Whoever has hung up misses the answer.
            let _ = done.send(added);
        }
    }
    Ok(())
}
