//! Checking a name against the firm's registry before somebody is taken in. The check and what it came to stay on record.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{Runtime, Write, registry::Checked};
use engage_domain::{
    calendar::Calendar,
    registry::{Identifier, IdentifierSort, Matched, Party, PartyRole},
    text::Private,
};
use engage_index::ConversationRow;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    conflict,
    conflicts::matched,
    form::{Posted, csrf},
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// Who is to be checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckForm {
    name: Private,
    role: Option<PartyRole>,
    /// One a line.
    aliases: Option<Private>,
    email: Option<Private>,
    phone: Option<Private>,
    registration_number: Option<Private>,
    date_of_birth: Option<Private>,
}

impl CheckForm {
    /// The party to check. One that may be anybody is a related entity of nobody named.
    fn party(self) -> Party {
        let aliases = self.aliases.as_ref().map_or("", Private::as_str).lines().map(str::trim);
        let identifiers = [
            (IdentifierSort::Email, self.email),
            (IdentifierSort::Phone, self.phone),
            (IdentifierSort::RegistrationNumber, self.registration_number),
            (IdentifierSort::DateOfBirth, self.date_of_birth),
        ];
        let identifiers = identifiers.into_iter().filter_map(|(sort, value)| Some(Identifier { sort, value: value? }));
        Party {
            aliases: aliases.filter(|alias| !alias.is_empty()).map(Private::from).collect(),
            identifiers: identifiers.collect(),
            ..Party::named(self.role.unwrap_or(PartyRole::RelatedEntity), self.name.as_str())
        }
    }
}

pub(super) async fn page<R: Runtime>(State(_): State<Shared<R>>, visitor: Visitor) -> Response {
    let content = html! {
        (head("Check a name", None))
        section class="card stack" { (form(&visitor, None)) }
    };
    super::html(StatusCode::OK, framed(&visitor, Place::Conflicts, "Check a name", Source::Object, &content))
}

/// Checks, and shows who was found. The answer is to the form itself, not at an address of its own: who is asked about is nobody's to find
/// in a history.
pub(super) async fn check<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body }: Posted<CheckForm>,
) -> Result<Response, Problem> {
    let checked = server.engage.check_conflicts(&visitor.caller, &Write::default(), body.party()).await?;
    let calendar = visitor.calendar()?;
    let matches = &checked.screening.matches;
    let ids: BTreeSet<_> = matches.iter().filter_map(|found| found.conversation).collect();
    let (conversations, _) =
        server.engage.conversations_by_id(&visitor.caller, ids.into_iter().collect(), None).await?;
    let content = html! {
        (head(&format!("Check of “{}”", checked.party.name.as_str()), Some(&asked(&checked.party))))
        div class="talk" {
            section class="card stack" { (finds(&checked, &conversations, &calendar)) }
            div class="aside" { section class="card stack" { h2 { "Check another name" } (form(&visitor, Some(&checked.party))) } }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Conflicts, "Check a name", Source::Object, &content)))
}

fn head(title: &str, about: Option<&str>) -> Markup {
    html! { div class="head" { div {
        p class="small" { a href="/conflicts" { "Conflicts" } } h1 { (title) }
        @if let Some(about) = about { p class="soft" { (about) } }
    } } }
}

/// What was asked beside the name, for a page that is printed without its form.
fn asked(party: &Party) -> String {
    let role = match party.role {
        PartyRole::RelatedEntity => "Against both sides".to_owned(),
        role => format!("As {}", kit::words(role.as_str()).to_lowercase()),
    };
    let aliases = party.aliases.iter().map(|alias| format!(", also known as {}", alias.as_str()));
    let identifiers = party
        .identifiers
        .iter()
        .map(|of| format!(", {} {}", kit::words(of.sort.as_str()).to_lowercase(), of.value.as_str()));
    std::iter::once(role).chain(aliases).chain(identifiers).collect()
}

/// The form, as it was filled in.
pub(super) fn form(visitor: &Visitor, filled: Option<&Party>) -> Markup {
    let role = filled.filter(|party| party.role != PartyRole::RelatedEntity).map_or("", |party| party.role.as_str());
    let value = |sort| {
        let identifiers = filled.map(|party| &*party.identifiers).unwrap_or_default();
        identifiers.iter().find(|identifier| identifier.sort == sort).map_or("", |identifier| identifier.value.as_str())
    };
    let aliases = filled.map(|party| &*party.aliases).unwrap_or_default();
    let aliases = aliases.iter().map(Private::as_str).collect::<Vec<_>>().join("\n");
    let roles = [PartyRole::Client, PartyRole::OpposingParty, PartyRole::Matter];
    html! {
        form method="post" action="/conflicts/check" class="stack" {
            (csrf(visitor))
            label { "Name" input name="name" required maxlength="400" autocomplete="off" value=(filled.map_or("", |party| party.name.as_str())); }
            (kit::choice("As", "role", Some("Anybody: against both sides"), role, roles.map(|role| (role.as_str(), kit::words(role.as_str())))))
            details open[!aliases.is_empty() || filled.is_some_and(|party| !party.identifiers.is_empty())] {
                summary class="soft small" { "More that is known of them" }
                div class="stack more" {
                    label { "Other names, one a line" textarea name="aliases" rows="2" { (aliases) } }
                    label { "E-mail" input name="email" type="email" autocomplete="off" value=(value(IdentifierSort::Email)); }
                    label { "Phone" input name="phone" autocomplete="off" value=(value(IdentifierSort::Phone)); }
                    label { "Number in a register" input name="registrationNumber" autocomplete="off" value=(value(IdentifierSort::RegistrationNumber)); }
                    label { "Date of birth" input name="dateOfBirth" type="date" value=(value(IdentifierSort::DateOfBirth)); }
                }
            }
            div { button class="primary" { (icon("search")) "Check" } }
        }
    }
}

fn finds(checked: &Checked, conversations: &[ConversationRow], calendar: &Calendar) -> Markup {
    let screening = &checked.screening;
    let (adverse, others): (Vec<_>, Vec<_>) =
        screening.matches.iter().partition(|matched| matched.conflict_type.is_some());
    html! {
        @if adverse.is_empty() {
            div class="notice good" { (icon("shield")) div { strong { "Nobody adverse was found." } " The registry holds nobody on the other side who may be this party." } }
        } @else {
            div class="notice alert" { (icon("alert")) div {
                strong { (number(adverse.len() as u64)) @if adverse.len() == 1 { " conflict" } @else { " conflicts" } " of interest." } " Do not take this party in before somebody has looked at it." } }
            (found("Adverse, the likeliest first", &adverse, conversations, calendar))
        }
        @if !others.is_empty() { (found("On the same side: for information", &others, conversations, calendar)) }
        p class="soft small" {
            "Checked " (calendar.moment(screening.at)) " against version " (screening.registry) " of the registry, by version " (screening.rules) " of the rules."
            @if let Some(recorded) = &checked.recorded { " On record as " code { (recorded.id) } "." }
        }
    }
}

/// Puts together those that nobody could tell apart by what is shown of them, in the order of the first of each; with how many they are.
fn grouped<'a>(matches: &[&'a Matched]) -> Vec<(&'a Matched, usize)> {
    let shown = |of: &Matched| {
        let why = (of.match_type.as_str(), kit::percent(of.confidence), conflict::summary(&of.evidence));
        (of.name.as_str().to_owned(), of.role, why, of.conversation)
    };
    let mut groups: Vec<(&Matched, usize)> = vec![];
    for one in matches {
        match groups.iter_mut().find(|(other, _)| shown(other) == shown(one)) {
            Some((_, times)) => *times += 1,
            None => groups.push((one, 1)),
        }
    }
    groups
}

fn found(caption: &str, matches: &[&Matched], conversations: &[ConversationRow], calendar: &Calendar) -> Markup {
    html! {
        div class="table" { table class="cards" {
            caption { (caption) }
            thead { tr { th scope="col" { "Found" } th scope="col" { "As" } th scope="col" { "Matched" } th scope="col" class="num" { "Likelihood" } th scope="col" { "Why" } th scope="col" { "Where" } } }
            tbody { @for (found, times) in grouped(matches) { tr {
                th scope="row" { (found.name.as_str()) }
                td data-name="As" { (kit::words(found.role.as_str())) }
                td data-name="Matched" { (matched(found.match_type.as_str())) }
                td data-name="Likelihood" class="num" { (kit::percent(found.confidence)) }
                td data-name="Why" { (conflict::summary(&found.evidence)) }
                td data-name="Where" { div { (place(found, conversations, calendar)) @if times > 1 { " " span class="nowrap" { "(" (number(times as u64)) " entries)" } } } }
            } } }
        } }
    }
}

/// Where somebody was found: whose conversation it is, and since when.
fn place(found: &Matched, conversations: &[ConversationRow], calendar: &Calendar) -> Markup {
    let Some(id) = found.conversation else { return html! { span class="soft" { "Known before" } } };
    let row = conversations.iter().find(|row| row.session_id == id);
    html! {
        a href={ "/conversations/" (id) } { @match row { Some(row) => (kit::client(row.client_name.as_ref())), None => "Conversation" } }
        @if let Some(row) = row { div class="soft small" { "since " (calendar.date(calendar.day_of(row.created_at))) } }
    }
}
