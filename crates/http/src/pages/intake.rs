//! The client's own page: a conversation with a firm, without an account. The browser keeps the resume token in a cookie that scripts
//! cannot read; a link carries it to another device.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, request::Parts},
    response::Response,
};
use engage_app::{
    IdempotencyKey, Resource, ResumeToken, Runtime, Write, conversations::NewConversation, messages::MessagePage,
};
use engage_domain::{
    Firm, FirmId, Timestamp, Version,
    calendar::Calendar,
    conversation::{Author, Identity, Status},
    text::Private,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{self, Open},
    frame,
    kit::{self, icon},
    see,
    session::{self, Theme},
};
use crate::{
    caller::Sender,
    problem::{Code, Problem},
    routes::follow,
    server::{Server, Shared},
};

/// The firm that a path names, as it is; text that is no slug names none.
async fn firm<R: Runtime>(server: &Server<R>, slug: &str) -> Result<(FirmId, std::sync::Arc<Firm>), Problem> {
    let id: FirmId = slug.parse().map_err(|_| Problem::unknown(Resource::Firm))?;
    let firm = server.engage.runtime().firm(&id).await?;
    Ok((id, firm))
}

/// The conversation that this browser has with the firm.
fn held(headers: &HeaderMap, firm: &FirmId) -> Option<ResumeToken> {
    session::intake_token(headers, firm)?.parse::<ResumeToken>().ok().filter(|token| token.firm() == firm)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A link that takes the conversation up on this device.
    resume: Option<String>,
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    Sender(origin): Sender,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let (id, firm) = firm(&server, &slug).await?;
    if let Asked { resume: Some(token) } = form::asked(&uri)? {
        // Out of the address at once, so that it is neither seen nor kept there.
        let there = format!("/intake/{id}");
        return Ok(match token.parse::<ResumeToken>() {
            Ok(token) if *token.firm() == id => session::open_intake(see(&there), &token),
            Ok(_) | Err(_) => see(&there),
        });
    }
    let theme = Theme::of(&headers);
    let Some(token) = held(&headers, &id) else {
        return Ok(shown(StatusCode::OK, &firm, theme, &beginning(&server, &id, &firm, None)));
    };
    match server.engage.resume(&token, origin).await {
        Ok(page) => {
            let proof = session::proof(&server.config.token_key, token.as_str());
            let now = server.engage.runtime().now();
            let calendar = Calendar::of(&firm.settings.time_zone).map_err(|why| Problem::invalid("timeZone", why))?;
            let key = server.engage.runtime().ulid().to_string();
            let link = format!("/intake/{id}?resume={}", token.as_str());
            let talk = Talk {
                id: &id,
                firm: &firm,
                page: &page,
                proof: &proof,
                key: &key,
                link: &link,
                now,
                calendar: &calendar,
            };
            Ok(shown(StatusCode::OK, &firm, theme, &talk.markup()))
        }
        // A firm that does not answer now has not lost the conversation.
        Err(engage_app::Error::Fault(fault)) => Err(fault.into()),
        Err(_) => {
            let why = "Your earlier conversation can no longer be opened from here. You can begin a new one, or use the newest link that you have.";
            let page = shown(StatusCode::OK, &firm, theme, &beginning(&server, &id, &firm, Some(why)));
            Ok(session::close_intake(page, &id))
        }
    }
}

fn shown(status: StatusCode, firm: &Firm, theme: Theme, content: &Markup) -> Response {
    let body = html! {
        div class="client" {
            header class="client-top" { span class="brand" { (icon("mark")) (firm.name) } span id="stream" {} }
            main id="main" class="stack" { (content) }
            footer class="soft small" { (icon("shield")) " What you write here goes to " (firm.name) " alone." }
        }
        div id="live" class="hidden" role="status" aria-live="polite" {}
    };
    super::html(status, frame::document(&firm.name, theme, &body))
}

/// What a client tells to begin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beginning {
    key: String,
    name: Option<Private>,
    email: Option<Private>,
    area: Option<String>,
    content: Private,
}

fn beginning<R: Runtime>(server: &Server<R>, id: &FirmId, firm: &Firm, notice: Option<&str>) -> Markup {
    // Whoever repeats it gets the conversation: it must not be guessed.
    let key: String = server.engage.runtime().random()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    html! {
        @if let Some(notice) = notice { div class="notice" role="status" { (icon("info")) p { (notice) } } }
        h1 { "How can we help?" }
        p class="soft" { "Tell " (firm.name) " what happened, in your own words. Somebody will answer here." }
        form method="post" action={ "/intake/" (id) } class="card stack" {
            input type="hidden" name="key" value=(key);
            label { "What happened?" textarea name="content" required maxlength="8192" {} }
            @if !firm.settings.practice_areas.is_empty() {
                label { "What is it about? (if you know)" select name="area" { option value="" { "I am not sure" }
                    @for area in &firm.settings.practice_areas { option value=(area.id.as_str()) { (area.name) } } } }
            }
            label { "Your name" input name="name" autocomplete="name" maxlength="200"; }
            label { "Your e-mail address, if we may write to you" input type="email" name="email" autocomplete="email" maxlength="254"; }
            button class="primary" { "Begin" }
            p class="soft small" { "This does not make you a client of the firm yet. Please leave out account numbers and passwords." }
        }
    }
}

pub(super) async fn begin<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    Sender(origin): Sender,
    Open(body): Open<Beginning>,
) -> Result<Response, Problem> {
    let (id, _) = firm(&server, &slug).await?;
    let there = format!("/intake/{id}");
    let write = keyed(&body.key, &there, body.content.as_str())?;
    let area = body.area.map(|area| area.parse()).transpose().map_err(|why| Problem::invalid("area", why))?;
    let identity = Identity { name: body.name, email: body.email, ..Identity::default() };
    let new = NewConversation { identity, practice_area: area, external_id: None };
    let (_, token) = server.engage.start_as_visitor(&id, origin.clone(), &write, new).await?;
    let said = keyed(&format!("{}-said", body.key), &there, body.content.as_str())?;
    server.engage.add_message_as_holder(&token, origin, &said, body.content).await?;
    Ok(session::open_intake(see(&there), &token))
}

/// A write that is done once, however often the form is sent.
pub(super) fn keyed(key: &str, scope: &str, content: &str) -> Result<Write, Problem> {
    let key = IdempotencyKey::new(key, scope, content.as_bytes()).map_err(|why| Problem::invalid("key", why))?;
    Ok(Write { key: Some(key), expected: None })
}

/// A conversation as its client sees it.
struct Talk<'a> {
    id: &'a FirmId,
    firm: &'a Firm,
    page: &'a MessagePage,
    proof: &'a str,
    key: &'a str,
    link: &'a str,
    now: Timestamp,
    calendar: &'a Calendar,
}

impl Talk<'_> {
    fn markup(&self) -> Markup {
        let state = &self.page.conversation;
        html! {
            div class="head" { h1 { "Your conversation" }
                span class="chip wait" data-stream={ "/intake/" (self.id) "/stream?after=" (state.version) } { "Connecting" } }
            section class="card stack" aria-label="Conversation" {
                div class="stack" data-part="transcript" {
                    @if self.page.next.is_some() { p class="soft small" { "Older messages are with the firm." } }
                    ol class="transcript" { @for message in &self.page.messages {
                        @let (class, who) = match message.role { Author::User => ("agent", "You"), Author::Agent => ("user", self.firm.name.as_str()), Author::System => ("system", "Engage") };
                        li class={ "message " (class) } {
                            header { strong { (who) } (kit::time(message.timestamp, self.now, self.calendar)) }
                            @if let Some(text) = &message.content { p { (text.as_str()) } }
                        }
                    } }
                }
                @if state.frozen_since.is_some() { div class="notice" { (icon("wait")) p { "The firm has paused the conversation for a moment. You can come back to it with the link below." } } }
                @else if state.status == Status::Active {
                    form method="post" action={ "/intake/" (self.id) "/messages" } class="stack" {
                        input type="hidden" name="csrf" value=(self.proof);
                        input type="hidden" name="key" value=(self.key);
                        label { "Write to the firm" textarea name="content" required maxlength="32768" {} }
                        div { button class="primary" { "Send" } }
                    }
                }
                @else { p class="soft" { "The firm has closed this conversation." } }
            }
            details class="card" {
                summary { "Go on later, or on another device" }
                p { "Whoever has " a href=(self.link) { "this link" } " can read and go on with the conversation. Keep it to yourself; it works for as long as the firm allows." }
                form method="post" action={ "/intake/" (self.id) "/leave" } { input type="hidden" name="csrf" value=(self.proof); button { "Forget it on this device" } }
            }
        }
    }
}

/// A form from a client's page: refused where it is not of the conversation that the browser holds.
fn check<R: Runtime>(
    server: &Server<R>,
    headers: &HeaderMap,
    id: &FirmId,
    shown: &str,
) -> Result<ResumeToken, Problem> {
    let expired = || {
        Problem::new(Code::FormExpired, "the conversation is no longer open in this browser; open it again by its link")
    };
    let token = held(headers, id).ok_or_else(expired)?;
    if session::agrees(&session::proof(&server.config.token_key, token.as_str()), shown) {
        Ok(token)
    } else {
        Err(expired())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saying {
    csrf: String,
    key: String,
    content: Private,
}

pub(super) async fn say<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    Sender(origin): Sender,
    headers: HeaderMap,
    Open(body): Open<Saying>,
) -> Result<Response, Problem> {
    let (id, _) = firm(&server, &slug).await?;
    let token = check(&server, &headers, &id, &body.csrf)?;
    let write = keyed(&body.key, &format!("/intake/{id}/messages"), body.content.as_str())?;
    server.engage.add_message_as_holder(&token, origin, &write, body.content).await?;
    Ok(see(&format!("/intake/{id}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaving {
    csrf: String,
}

pub(super) async fn leave<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    Open(body): Open<Leaving>,
) -> Result<Response, Problem> {
    let (id, _) = firm(&server, &slug).await?;
    check(&server, &headers, &id, &body.csrf)?;
    Ok(session::close_intake(see(&format!("/intake/{id}")), &id))
}

/// What happens in the conversation, live.
pub(super) async fn stream<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    Sender(origin): Sender,
    parts: Parts,
) -> Result<Response, Problem> {
    #[derive(Deserialize)]
    struct From {
        after: Option<u64>,
    }
    let (id, _) = firm(&server, &slug).await?;
    let From { after } = form::asked(&parts.uri)?;
    session::same_site(&parts.headers)?;
    let token = held(&parts.headers, &id).ok_or_else(|| Problem::unknown(Resource::Conversation))?;
    let caller = server.engage.admit_holder(&token, origin).await?;
    follow(server, caller, token.conversation(), after.map(Version)).await
}
