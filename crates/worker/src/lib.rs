//! Engage on Cloudflare: the same objects, journal, screening and routes, hosted by Durable Objects, listed by D1.
//!
//! - `platform`: the one place that touches the runtime: SQL storage, transactions, alarms, D1, time, randomness.
//! - `wire`: what the entry and the objects say to each other.
//! - `object`: a Durable Object that hosts an aggregate: its journal, its turns, its alarm.
//! - `letters`: from a firm to its conversations.
//! - `outbox`: what an object has yet to send to its firm's index.
//! - `push`: from an object's journal to its firm's index.
//! - `directory`: the firm's tables of its objects.
//! - `compare`, `run`: reconciliation and rebuild, an object at a time, and over a whole firm.
//! - `transfer`: a firm's journal taken out of its objects, or put into them.
//! - `runtime`: the port of `app`, over all of these.
//!
//! Each object has a journal of its own, numbered by itself, of the same tables as everywhere; hashes do not cover the numbers, so entries
//! move between hosts as they are. Each firm has a D1 database of its own, bound as `FIRM_<SLUG>`.
//!
//! Architecture invariant: decides no business rule. Only `platform` knows JavaScript.
#![cfg(target_arch = "wasm32")]

mod compare;
mod directory;
mod letters;
mod maintenance;
mod object;
mod outbox;
mod platform;
mod push;
mod run;
mod runtime;
mod transfer;
mod wire;

use std::{cell::RefCell, net::IpAddr, rc::Rc, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody, to_bytes},
    http,
};
use engage_app::Engage;
use engage_domain::{Actor, Conversation, Firm, FirmId, User};
use engage_http::{Config, Peer, TokenKey};
use tower::ServiceExt;
use worker::{
    Context, DurableObject, Env, Request, Response, Result, ScheduleContext, ScheduledEvent, State, durable_object,
    event, wasm_bindgen, web_sys,
};

use crate::{
    object::Object,
    run::{Progress, Purpose},
    runtime::Cloudflare,
    wire::Ask,
};

thread_local! {
    /// The router of this isolate, made at its first request.
    static ROUTER: RefCell<Option<Router>> = const { RefCell::new(None) };
}

/// Answers a request with whatever the router serves.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> Result<Response> {
    let router = match ROUTER.with_borrow(Clone::clone) {
        Some(router) => router,
        None => {
            let router = router(env)?;
            ROUTER.set(Some(router.clone()));
            router
        }
    };
    let mut request = platform::incoming(request).await?;
    // Nobody reaches a Worker but through Cloudflare, which says who it was and lets nobody else say so.
    let peer = request.headers().get("cf-connecting-ip").and_then(|ip| ip.to_str().ok()?.parse::<IpAddr>().ok());
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(peer));
    }
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    match response.body().size_hint().exact() {
        Some(_) => whole(response).await,
        None => response.try_into(),
    }
}

/// A response whose body is there already, as one piece: as a stream each would cost several turns of the event loop, and would have no
/// `Content-Length`.
async fn whole(response: http::Response<Body>) -> Result<Response> {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| error.to_string())?;
    let answer = Response::builder().with_status(parts.status.as_u16()).with_headers(parts.headers.into());
    Ok(if bytes.is_empty() { answer.empty() } else { answer.fixed(bytes.into()) })
}

fn router(env: Env) -> Result<Router> {
    let key = env.secret("ENGAGE_TOKEN_KEY").map_err(|_| "the secret ENGAGE_TOKEN_KEY is not set")?;
    let key = TokenKey::new(key.to_string().into_bytes());
    if key.is_short() {
        return Err("the secret ENGAGE_TOKEN_KEY must have at least 32 bytes".into());
    }
    let engage = Engage::new(Cloudflare::new(env), key.as_bytes());
    Ok(engage_http::router(Arc::new(engage), Config::new(key)))
}

/// Looks after every firm that has an index here: each firm's object goes on by itself.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let firms = env.var("ENGAGE_FIRMS").map(|firms| firms.to_string()).unwrap_or_default();
    for firm in firms.split(',').filter_map(|firm| firm.trim().parse::<FirmId>().ok()) {
        let begin = Ask::Begin { actor: Actor::SYSTEM, purpose: Purpose::Nightly };
        if let Err(error) = wire::ask::<Firm, Progress>(&env, &firm, firm.as_str(), begin).await {
            platform::log(&format!("{firm} could not be looked after"), &error);
        }
    }
}

macro_rules! hosts {
    ($(#[$doc:meta])* $name:ident: $aggregate:ty) => {
        $(#[$doc])*
        #[durable_object]
        pub struct $name(Rc<Object<$aggregate>>);

        impl DurableObject for $name {
            fn new(state: State, env: Env) -> Self {
                Self(Rc::new(Object::new(state, env)))
            }

            async fn fetch(&self, mut request: Request) -> Result<Response> {
                let asked = request.text().await?;
                Ok(Response::builder().fixed(Rc::clone(&self.0).answer(&asked).await.into_bytes()))
            }

            async fn alarm(&self) -> Result<Response> {
                Rc::clone(&self.0).wake().await;
                Response::empty()
            }
        }
    };
}

hosts!(
    /// Hosts a conversation.
    ConversationObject: Conversation
);
hosts!(
    /// Hosts a user.
    UserObject: User
);
hosts!(
    /// Hosts a firm, its registry and the directory of its objects.
    FirmObject: Firm
);
