//! What the firm's people change in a conversation from its page. Each change is made against the version that the page showed.

use axum::{extract::State, response::Response};
use engage_app::{Error, Runtime, Write, assignments::AssignmentChange};
use engage_domain::{
    Conversation, ConversationId, PracticeArea, Version,
    calendar::Day,
    conversation::{Identity, Priority, Status, Terms},
    registry::{Party, PartyRole},
    text::Private,
};
use engage_journal::Answer;
use serde::Deserialize;

use super::{
    conversation::back,
    dossier::{HISTORY, history, particulars},
    form::{Posted, expecting},
    frame::Place,
    kit,
    overtaken::{Compared, Overtaken},
    session::Visitor,
};
use crate::{params::Id, problem::Problem, server::Shared};

/// A change, as it is shown to whoever was overtaken.
struct Wanted<'a> {
    /// The last piece of the address that takes it.
    action: &'a str,
    fields: Vec<(&'a str, String)>,
    rows: Compare<'a>,
}

/// Holds what was wanted against what is there.
type Compare<'a> = Box<dyn Fn(&Conversation) -> Vec<Compared<'a>> + Send + Sync + 'a>;

/// Sends the browser back to the conversation, or shows who was faster.
async fn settled<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    (id, seen): (ConversationId, u64),
    done: Result<Answer<Conversation>, Error>,
    wanted: Wanted<'_>,
) -> Result<Response, Problem> {
    match done {
        Ok(_) => Ok(back(id)),
        Err(Error::Stale { .. }) => {
            let (engage, caller) = (&server.engage, &visitor.caller);
            let page = engage.conversation(caller, id).await?;
            let events = engage.history(caller, &page, Version(seen), HISTORY).await?;
            let (now, calendar) = (engage.runtime().now(), visitor.calendar()?);
            let overtaken = Overtaken {
                place: Place::Conversations,
                back: format!("/conversations/{id}"),
                versions: (seen, page.conversation.version.0),
                rows: (wanted.rows)(&page.conversation),
                meanwhile: Some(history(&events, now, &calendar)),
                again: (format!("/conversations/{id}/{}", wanted.action), wanted.fields),
            };
            Ok(overtaken.page(visitor))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct StatusForm {
    status: Status,
    version: u64,
}

pub(super) async fn set_status<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body: StatusForm { status, version } }: Posted<StatusForm>,
) -> Result<Response, Problem> {
    let done = server.engage.set_status(&visitor.caller, id, &expecting(version), status).await;
    let word = |status: Status| kit::words(status.as_str());
    let wanted = Wanted {
        action: "status",
        fields: vec![("status", status.as_str().to_owned())],
        rows: Box::new(move |now| vec![("Status", word(status), word(now.status))]),
    };
    settled(&server, &visitor, (id, version), done, wanted).await
}

#[derive(Deserialize)]
pub(super) struct GoalForm {
    goal: String,
    version: u64,
}

pub(super) async fn complete_goal<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body: GoalForm { goal, version } }: Posted<GoalForm>,
) -> Result<Response, Problem> {
    let done = server.engage.complete_goal(&visitor.caller, id, &expecting(version), goal.clone()).await;
    let reached = "reached".to_owned();
    let now = |state: &Conversation, id: &str| {
        let goal = state.goals.iter().find(|goal| goal.template.id == id);
        goal.map_or("not set", |goal| if goal.completed_at.is_some() { "reached" } else { "open" }).to_owned()
    };
    let wanted = Wanted {
        action: "goals",
        fields: vec![("goal", goal.clone())],
        rows: Box::new(move |state| vec![("Goal", reached.clone(), now(state, &goal))]),
    };
    settled(&server, &visitor, (id, version), done, wanted).await
}

#[derive(Deserialize)]
pub(super) struct AssignmentForm {
    assignee: String,
    #[serde(default)]
    priority: Priority,
    due: Option<String>,
    version: u64,
}

/// Makes somebody responsible; what is due on a day is so until that day ends where the firm is.
pub(super) async fn assign<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body }: Posted<AssignmentForm>,
) -> Result<Response, Problem> {
    let AssignmentForm { assignee, priority, due, version } = body;
    let calendar = visitor.calendar()?;
    let day = due
        .as_ref()
        .map(|due| due.parse::<Day>().map_err(|_| Problem::invalid("due", "must be a day such as 2026-11-23")));
    let due_date = day.transpose()?.map(|day| calendar.start_of(day.plus(1)));
    let terms = Terms { priority, due_date, ..Terms::default() };
    let change = AssignmentChange::Assign { assignee: assignee.clone(), terms, pending: false };
    let (engage, caller) = (&server.engage, &visitor.caller);
    let done = engage.change_assignment(caller, id, &expecting(version), change).await;
    let mut wanted = Wanted { action: "assignment", fields: vec![], rows: Box::new(|_| vec![]) };
    if matches!(done, Err(Error::Stale { .. })) {
        let yours = engage.assignee(caller, &assignee).await?;
        let theirs = engage.conversation(caller, id).await?.conversation.assigned_to;
        let names = engage.names(caller, theirs.into_iter().chain([yours]).collect()).await?;
        let [yours, theirs] = [Some(yours), theirs]
            .map(|user| user.map_or_else(|| "nobody".to_owned(), |user| kit::person(names.get(&user)).to_owned()));
        wanted.fields = vec![("assignee", assignee), ("priority", priority.as_str().to_owned())];
        wanted.fields.extend(due.map(|due| ("due", due)));
        wanted.rows = Box::new(move |_| vec![("Responsible", yours.clone(), theirs.clone())]);
    }
    settled(&server, &visitor, (id, version), done, wanted).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdentityForm {
    client_name: Option<Private>,
    client_email: Option<Private>,
    client_phone: Option<Private>,
    legal_area: Option<Private>,
    address: Option<Private>,
    situation: Option<Private>,
    practice_area: Option<PracticeArea>,
    version: u64,
}

pub(super) async fn set_identity<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body }: Posted<IdentityForm>,
) -> Result<Response, Problem> {
    let IdentityForm { practice_area, version, .. } = body;
    let identity = Identity {
        name: body.client_name,
        email: body.client_email,
        phone: body.client_phone,
        legal_area: body.legal_area,
        address: body.address,
        situation: body.situation,
    };
    let mine =
        Conversation { identity: identity.clone(), practice_area: practice_area.clone(), ..Conversation::default() };
    let text = |value: &Option<Private>| value.as_ref().map_or_else(String::new, |value| value.as_str().to_owned());
    let area = |area: &Option<PracticeArea>| area.as_ref().map_or_else(String::new, |area| area.as_str().to_owned());
    let fields = particulars(&mine).map(|(_, field, value)| (field, text(value)));
    let fields = fields.into_iter().chain([("practiceArea", area(&practice_area))]);
    let wanted = Wanted {
        action: "identity",
        fields: fields.filter(|(_, value)| !value.is_empty()).collect(),
        rows: Box::new(move |now| {
            let both = particulars(&mine).into_iter().zip(particulars(now));
            let both = both.map(|((name, _, yours), (_, _, theirs))| (name, text(yours), text(theirs)));
            let [yours, theirs] = [&mine, now].map(|one| kit::words(&area(&one.practice_area)));
            let areas = ("Area", yours, theirs);
            both.chain([areas]).filter(|(_, yours, _)| !yours.is_empty()).collect()
        }),
    };
    let (caller, write) = (&visitor.caller, expecting(version));
    let done = server.engage.update_identity(caller, id, &write, identity, practice_area).await;
    settled(&server, &visitor, (id, version), done, wanted).await
}

#[derive(Deserialize)]
pub(super) struct PartyForm {
    name: Private,
    role: PartyRole,
}

/// Names a party, which is screened. Whatever else has happened meanwhile does not stand in its way.
pub(super) async fn name_party<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body: PartyForm { name, role } }: Posted<PartyForm>,
) -> Result<Response, Problem> {
    let party = Party::named(role, name.as_str());
    server.engage.register_parties(&visitor.caller, id, &Write::default(), vec![party]).await?;
    Ok(back(id))
}
