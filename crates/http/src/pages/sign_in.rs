//! Signing in: by a token, or, in a demonstration, as one of the people who are made up for it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use engage_app::{Error, Runtime};
use engage_domain::{FirmId, Role};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{self, Nothing, Open, Posted},
    frame,
    kit::{self, icon},
    see,
    session::{self, Theme},
};
use crate::{
    caller::Sender,
    problem::Problem,
    server::Shared,
    token::{TokenRequest, issue_token},
};

/// How long a session of a demonstration lasts.
const DEMO_TTL_MS: i64 = 12 * 60 * 60 * 1000;

/// Somebody whom a demonstration lets in without a token.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The firm.
    pub firm: FirmId,
    /// What it is called.
    pub firm_name: String,
    /// Who it is.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// A page that may only be seen by who is signed in, asked for by somebody who is not (or no longer).
pub(super) fn required(here: &str, was: bool) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if here != "/" && here != "/overview" {
        query.append_pair("next", here);
    }
    if was {
        query.append_pair("ended", "1");
    }
    let query = query.finish();
    session::close(see(&if query.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?{query}") }))
}

/// The path, if it is one of this host.
pub(super) fn local(path: &str) -> &str {
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']);
    if is_local { path } else { "/overview" }
}

#[derive(Default, Deserialize)]
pub(super) struct Arrival {
    next: Option<String>,
    ended: Option<String>,
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let arrival: Arrival = form::asked(&uri)?;
    let notice = arrival.ended.is_some().then_some("Your session has ended. Sign in again to go on.");
    let next = arrival.next.unwrap_or_default();
    Ok(door(&server.config.identities, Theme::of(&headers), &next, notice, StatusCode::OK))
}

#[derive(Deserialize)]
pub(super) struct Entering {
    token: Option<String>,
    identity: Option<usize>,
    next: Option<String>,
}

pub(super) async fn enter<R: Runtime>(
    State(server): State<Shared<R>>,
    headers: HeaderMap,
    Sender(origin): Sender,
    Open(Entering { token, identity, next }): Open<Entering>,
) -> Result<Response, Problem> {
    let next = next.unwrap_or_default();
    let again = |why: &str| {
        Ok(door(&server.config.identities, Theme::of(&headers), &next, Some(why), StatusCode::UNPROCESSABLE_ENTITY))
    };
    let now = server.engage.runtime().now();
    let token = match (token, identity.and_then(|at| server.config.identities.get(at))) {
        (Some(token), _) => token.trim().to_owned(),
        (None, Some(person)) => issue_token(
            &server.config.token_key,
            &TokenRequest {
                firm: &person.firm,
                subject: &person.email,
                role: person.role,
                issued_at: now,
                ttl_ms: DEMO_TTL_MS,
                email: None,
                name: Some(&person.name),
            },
        ),
        (None, None) => return again("Paste a token to sign in."),
    };
    let claims = match server.tokens.verify(&token, now) {
        Ok(claims) => claims,
        Err(refused) => return again(&format!("That did not work: {}.", refused.0)),
    };
    match server.engage.sign_in(&claims, origin).await {
        Ok(()) => Ok(session::open(see(local(if next.is_empty() { "/overview" } else { &next })), &token)),
        Err(Error::Fault(fault)) => Err(fault.into()),
        Err(refused) => again(&format!("That did not work: {refused}.")),
    }
}

pub(super) async fn leave<R: Runtime>(State(_): State<Shared<R>>, Open(()): Open<()>) -> Response {
    session::close(see("/sign-in"))
}

/// Ends every session that they have, this one too.
pub(super) async fn leave_everywhere<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body: Nothing {} }: Posted<Nothing>,
) -> Result<Response, Problem> {
    server.engage.revoke_own_sessions(&visitor.caller).await?;
    Ok(required("/", true))
}

fn door(identities: &[Identity], theme: Theme, next: &str, notice: Option<&str>, status: StatusCode) -> Response {
    let body = html! {
        div class="door" {
            main id="main" class="stack" {
                div class="stack" {
                    span class="brand" { (icon("mark")) "Engage" }
                    h1 { "Sign in" }
                }
                @if let Some(notice) = notice { div class="notice" role="status" { (icon("info")) p { (notice) } } }
                @if !identities.is_empty() { (people(identities, next)) }
                (by_token(next, identities.is_empty()))
            }
        }
    };
    super::html(status, frame::document("Sign in", theme, &body))
}

fn people(identities: &[Identity], next: &str) -> Markup {
    let firms = identities.chunk_by(|one, other| one.firm == other.firm).map(|of| (&of[0], of));
    let mut at = 0;
    html! {
        @for (first, people) in firms {
            section class="card" {
                h2 { (first.firm_name) }
                form method="post" action="/sign-in" {
                    input type="hidden" name="next" value=(next);
                    ul class="people" {
                        @for person in people {
                            li { button name="identity" value=({ at += 1; at - 1 }) { span { (person.name) } span class="soft small" { (kit::words(person.role.as_str())) } } }
                        }
                    }
                }
            }
        }
    }
}

fn by_token(next: &str, is_only_way: bool) -> Markup {
    html! {
        section class="card" {
            h2 { @if is_only_way { "With a token" } @else { "Or with a token" } }
            form method="post" action="/sign-in" class="stack" {
                input type="hidden" name="next" value=(next);
                label { "Token" input type="password" name="token" autocomplete="current-password" required; }
                p class="soft small" { "Your administrator makes one with " code { "engage token" } ". It is kept in this browser until you sign out or close it." }
                div { button class="primary" { "Sign in" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        assert_eq!(local("/conversations?status=active"), "/conversations?status=active");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "overview", "", "/a\nb"] {
            assert_eq!(local(bad), "/overview", "{bad:?}");
        }
    }
}
