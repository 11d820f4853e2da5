//! One conflict of interest, from the registry itself: the two parties side by side, why they matched, and what the firm says.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{
    Runtime,
    registry::{ConflictChange, ConflictDetail},
};
use engage_domain::{
    ConflictId, ConversationId, Timestamp,
    actor::Permission,
    calendar::Calendar,
    registry::{Artefact, Conflict, Evidence, PartyRecord, PartyRole, Reason, Resolution, Resolved, Verdict},
    text::Private,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    conflicts,
    form::{Posted, csrf, expecting},
    frame::{Place, Source, framed},
    kit::{self, icon},
    overtaken::{Overtaken, newest},
    see,
    session::Visitor,
};
use crate::{params::Id, problem::Problem, server::Shared};

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    Id(id): Id<ConflictId>,
) -> Result<Response, Problem> {
    let (engage, caller) = (&server.engage, &visitor.caller);
    let detail = engage.conflict(caller, id).await?;
    let conflict = &detail.conflict;
    let resolved_by = conflict.resolved.as_ref().and_then(|resolved| resolved.by);
    let names = engage.names(caller, conflict.reviewer.into_iter().chain(resolved_by).collect()).await?;
    let name = |user: Option<_>| user.map(|user| kit::person(names.get(&user)).to_owned());
    let (calendar, now) = (visitor.calendar()?, engage.runtime().now());
    let title = format!("{} and {}", conflict.name.as_str(), conflict.other_name.as_str());
    let content = html! {
        div class="head" { div {
            p class="small" { a href="/conflicts" { "Conflicts" } }
            h1 { (title) }
            p class="row" { (conflicts::state(conflict.state)) span class="soft" {
                (conflicts::matched(conflict.detection.match_type.as_str())) ", " (kit::percent(conflict.detection.confidence)) " likely, found " (kit::time(conflict.detection.at, now, &calendar))
                @if conflict.reopened > 0 { ", opened again " (conflict.reopened) @if conflict.reopened == 1 { " time" } @else { " times" } } } }
        } }
        div class="talk" {
            div class="stack" {
                div class="pair" {
                    (side("Who came later", (&conflict.name, conflict.role, conflict.conversation), detail.party.as_ref(), &calendar))
                    (side("Who was known", (&conflict.other_name, conflict.other_role, conflict.other_conversation), detail.other.as_ref(), &calendar))
                }
                section class="card" { h2 { "Why they matched" } (evidence(&detail, (&conflict.name, &conflict.other_name))) }
            }
            div class="aside" {
                @match &conflict.resolved {
                    Some(resolved) => (resolution(conflict, resolved, name(resolved.by), (now, &calendar))),
                    None => (course(conflict, name(conflict.reviewer))),
                }
                @if caller.actor.role.may(Permission::ResolveConflicts) { (forms(&visitor, &detail)) }
                @else if conflict.state.is_open() { section class="card" { p class="soft small" { "Your role sees conflicts and does not resolve them." } } }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Conflicts, &title, Source::Object, &content)))
}

fn side(
    title: &str,
    (name, role, conversation): (&Private, PartyRole, Option<ConversationId>),
    record: Option<&PartyRecord>,
    calendar: &Calendar,
) -> Markup {
    let list = |texts: Vec<String>| html! { @for text in texts { div { (text) } } };
    html! {
        section class="card" {
            h2 { (title) }
            dl class="facts" {
                dt { "Name" } dd { strong { (name.as_str()) } }
                dt { "Role" } dd { (kit::words(role.as_str())) }
                @if let Some(PartyRecord { party, registered_at, side, .. }) = record {
                    @if party.name != *name { dt { "Now called" } dd { (party.name.as_str()) } }
                    dt { "Side" } dd { (kit::words(side.as_str())) }
                    dt { "Kind" } dd { (kit::words(party.kind.as_str())) }
                    @if !party.aliases.is_empty() { dt { "Also" } dd { (list(party.aliases.iter().map(|alias| alias.as_str().to_owned()).collect())) } }
                    @for identifier in &party.identifiers { dt { (kit::words(identifier.sort.as_str())) } dd { (identifier.value.as_str()) } }
                    @if let Some(related) = party.related { dt { "Relation" } dd { (kit::words(related.relation.as_str())) } }
                    @if let Some(matter) = &party.matter { dt { "Matter" } dd { (matter.as_str()) } }
                    dt { "Registered" } dd { (calendar.moment(*registered_at)) }
                }
                dt { "Where" } dd { @match conversation { Some(id) => a href={ "/conversations/" (id) } { "Open the conversation" }, None => "Known before, in no conversation" } }
            }
        }
    }
}

/// Why two words were taken for one.
const fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::Exact => "the same letters",
        Reason::Synonym => "another way to write it",
        Reason::Nickname => "a nickname, or the name in another language",
        Reason::Initial => "the first letter",
        Reason::Spacing => "the same with other spaces",
        Reason::Phonetic => "it sounds the same",
        Reason::Consonants => "the same consonants",
        Reason::Spelling => "a few letters differ",
    }
}

/// The reasons in one line.
pub(super) fn summary(evidence: &Evidence) -> String {
    let words = evidence.aligned.iter().map(|pair| {
        let (asked, found) = (pair.queried.as_str(), pair.found.as_str());
        if asked == found { found.to_owned() } else { format!("{asked} = {found} ({})", because(pair.reason)) }
    });
    let identifiers =
        evidence.identifiers.iter().map(|sort| format!("the same {}", kit::words(sort.as_str()).to_lowercase()));
    words.chain(identifiers).collect::<Vec<_>>().join(", ")
}

fn evidence(detail: &ConflictDetail, (name, other): (&Private, &Private)) -> Markup {
    let detection = &detail.conflict.detection;
    let Evidence { aligned, queried_only, found_only, identifiers } = &detection.evidence;
    let words = |words: &[Private]| words.iter().map(Private::as_str).collect::<Vec<_>>().join(" ");
    html! {
        div class="table" { table {
            caption { "The names word by word" }
            thead { tr { th scope="col" { (name.as_str()) } th scope="col" { (other.as_str()) } th scope="col" { "Why" } } }
            tbody {
                @for pair in aligned { tr { td { (pair.queried.as_str()) } td { (pair.found.as_str()) } td { (because(pair.reason)) } } }
                @if !queried_only.is_empty() || !found_only.is_empty() {
                    tr { td { (words(queried_only)) } td { (words(found_only)) } td class="soft" { "on one side only" } }
                }
                @for sort in identifiers { tr { td colspan="2" { (kit::words(sort.as_str())) } td { "both have the same" } } }
            }
        } }
        p class="soft small" { "Compared by version " (detection.rules) " of the rules." }
    }
}

fn course(conflict: &Conflict, reviewer: Option<String>) -> Markup {
    html! {
        section class="card stack" {
            h2 { "Not resolved" }
            @match &reviewer {
                Some(name) => p { (name) " looks at it." },
                None => p class="soft" { "Nobody has looked at it yet." },
            }
            @if let Some(notes) = &conflict.notes { p { (notes.as_str()) } }
        }
    }
}

const fn verdict(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Waived => "Waived: the firm goes on",
        Resolution::ClientConsented => "The clients consented in writing",
        Resolution::NoConflict => "No conflict: not the same, or not adverse",
        Resolution::CannotRepresent => "The firm declines",
    }
}

fn resolution(
    conflict: &Conflict,
    resolved: &Resolved,
    by: Option<String>,
    (now, calendar): (Timestamp, &Calendar),
) -> Markup {
    html! {
        section class="card stack" {
            h2 { "Resolved" }
            p { strong { (verdict(resolved.resolution)) } br; span class="soft small" { (by.unwrap_or_else(|| "The platform".to_owned())) ", " (kit::time(resolved.at, now, calendar)) } }
            p { (resolved.reason.as_str()) }
            @if let Some(notes) = &conflict.notes { p class="soft small" { "Noted before: " (notes.as_str()) } }
            @if resolved.artefact.is_some() || resolved.declined.is_some() { dl class="facts" {
                @if let Some(Artefact { name, reference, sha256 }) = &resolved.artefact {
                    dt { "Document" } dd { (name.as_str()) } dt { "Kept at" } dd { (reference.as_str()) }
                    @if let Some(hash) = sha256 { dt { "SHA-256" } dd { code { (hash) } } }
                }
                @if let Some(id) = resolved.declined { dt { "Declined" } dd { a href={ "/conversations/" (id) } { "The conversation" } } }
            } }
        }
    }
}

fn forms(visitor: &Visitor, ConflictDetail { conflict, version, .. }: &ConflictDetail) -> Markup {
    let hidden = html! { (csrf(visitor)) input type="hidden" name="version" value=(version); };
    let path = format!("/conflicts/{}", conflict.id);
    let conversations: Vec<_> = conflict.conversations().collect();
    if !conflict.state.is_open() {
        return html! {
            section class="card" {
                form method="post" action={ (path) "/reopening" } class="stack" {
                    (hidden) label { "Why it has to be looked at again" textarea name="reason" rows="2" required maxlength="4000" {} }
                    div { button { "Open it again" } }
                }
            }
        };
    }
    html! {
        section class="card stack" {
            h2 { "Resolve" }
            form method="post" action={ (path) "/resolution" } class="stack" {
                (hidden)
                label { "What the firm says" select name="resolution" required { option value="" { "Choose…" }
                    @for resolution in [Resolution::NoConflict, Resolution::ClientConsented, Resolution::Waived, Resolution::CannotRepresent] {
                        option value=(resolution.as_str()) { (verdict(resolution)) } } } }
                label { "Reason" textarea name="reason" required maxlength="4000" {} }
                details {
                    summary class="soft small" { "The document that proves it (a consent needs one)" }
                    div class="stack more" {
                        label { "What it is called" input name="artefactName" maxlength="2000"; }
                        label { "Where it is kept" input name="artefactReference" maxlength="2000"; }
                    }
                }
                @if conversations.len() > 1 {
                    label { "If the firm declines: whom" select name="declinedConversationId" { option value="" { "Who came later" }
                        @for (id, name) in conversations.iter().zip([&conflict.name, &conflict.other_name]) { option value=(id) { "The conversation of " (name.as_str()) } } } }
                }
                div { button class="primary" { (icon("done")) "Resolve" } }
            }
        }
        section class="card" {
            form method="post" action={ (path) "/review" } class="stack" {
                (hidden) label { "Notes" textarea name="notes" rows="2" maxlength="4000" { @if let Some(notes) = &conflict.notes { (notes.as_str()) } } }
                div { button { (icon("eye")) "I look at it" } }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResolutionForm {
    version: u64,
    resolution: Resolution,
    reason: Private,
    artefact_name: Option<Private>,
    artefact_reference: Option<Private>,
    declined_conversation_id: Option<ConversationId>,
}

pub(super) async fn resolve<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConflictId>,
    Posted { visitor, body }: Posted<ResolutionForm>,
) -> Result<Response, Problem> {
    let ResolutionForm { version, resolution, reason, artefact_name, artefact_reference, declined_conversation_id } =
        body;
    let artefact = match (artefact_name, artefact_reference) {
        (Some(name), Some(reference)) => Some(Artefact { name, reference, sha256: None }),
        (None, None) => None,
        (Some(_), None) => return Err(Problem::invalid("artefactReference", "must say where the document is kept")),
        (None, Some(_)) => return Err(Problem::invalid("artefactName", "must say what the document is called")),
    };
    // The form offers whom to decline beside every resolution; it counts with this one.
    let declined = declined_conversation_id.filter(|_| resolution == Resolution::CannotRepresent);
    let fields = [
        ("resolution", Some(resolution.as_str().to_owned())),
        ("reason", Some(reason.as_str().to_owned())),
        ("artefactName", artefact.as_ref().map(|artefact| artefact.name.as_str().to_owned())),
        ("artefactReference", artefact.as_ref().map(|artefact| artefact.reference.as_str().to_owned())),
        ("declinedConversationId", declined.map(|declined| declined.to_string())),
    ];
    let wanted = Wanted {
        action: "resolution",
        yours: format!("{}: {}", kit::words(resolution.as_str()), reason.as_str()),
        fields: fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
    };
    let change = ConflictChange::Resolve(Box::new(Verdict { resolution, reason, artefact, declined }));
    changed(&server, &visitor, (id, version), change, wanted).await
}

#[derive(Deserialize)]
pub(super) struct ReviewForm {
    version: u64,
    notes: Option<Private>,
}

pub(super) async fn review<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConflictId>,
    Posted { visitor, body: ReviewForm { version, notes } }: Posted<ReviewForm>,
) -> Result<Response, Problem> {
    let said = notes.as_ref().map(|notes| notes.as_str().to_owned());
    let wanted = Wanted {
        action: "review",
        yours: format!("Under review: {}", said.as_deref().unwrap_or_default()),
        fields: said.into_iter().map(|notes| ("notes", notes)).collect(),
    };
    changed(&server, &visitor, (id, version), ConflictChange::Review { notes }, wanted).await
}

#[derive(Deserialize)]
pub(super) struct ReopeningForm {
    version: u64,
    reason: Private,
}

pub(super) async fn reopen<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConflictId>,
    Posted { visitor, body: ReopeningForm { version, reason } }: Posted<ReopeningForm>,
) -> Result<Response, Problem> {
    let said = reason.as_str().to_owned();
    let wanted = Wanted { action: "reopening", yours: format!("Open again: {said}"), fields: vec![("reason", said)] };
    changed(&server, &visitor, (id, version), ConflictChange::Reopen { reason }, wanted).await
}

/// A change as it is shown to whoever was overtaken.
struct Wanted {
    /// The last piece of the address that takes it.
    action: &'static str,
    yours: String,
    fields: Vec<(&'static str, String)>,
}

async fn changed<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    (id, version): (ConflictId, u64),
    change: ConflictChange,
    Wanted { action, yours, fields }: Wanted,
) -> Result<Response, Problem> {
    let (engage, caller, path) = (&server.engage, &visitor.caller, format!("/conflicts/{id}"));
    let done = engage.change_conflict(caller, id, &expecting(version), change).await.map_err(Problem::from);
    let Err(problem) = done else { return Ok(see(&path)) };
    let Some(newest) = newest(&problem) else { return Err(problem) };
    let now = engage.conflict(caller, id).await?.conflict;
    let said =
        now.resolved.as_ref().map(|resolved| (kit::words(resolved.resolution.as_str()), resolved.reason.as_str()));
    let theirs = match said {
        Some((resolution, reason)) => format!("{resolution}: {reason}"),
        None => {
            let notes = now.notes.as_ref().map_or("", Private::as_str);
            format!("{}: {notes}", kit::words(now.state.as_str()))
        }
    };
    let overtaken = Overtaken {
        place: Place::Conflicts,
        back: path.clone(),
        versions: (version, newest),
        rows: vec![("The conflict", yours, theirs)],
        meanwhile: None,
        again: (format!("{path}/{action}"), fields),
    };
    Ok(overtaken.page(visitor))
}
