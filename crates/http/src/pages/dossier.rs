//! What stands beside a transcript: who the client is, how far the conversation has come, who is responsible, who is named in it, and what
//! happened.

use engage_domain::{
    Conversation, ConversationId, Timestamp, Version,
    actor::Permission,
    calendar::Calendar,
    conversation::{Author, Event, Goal, GoalPriority, Priority, Status},
    registry::{PartyRecord, PartyRole},
    text::Private,
};
use engage_index::{ConflictRow, UserRow};
use engage_journal::Streamed;
use maud::{Markup, html};

use super::{
    conflicts,
    form::csrf,
    kit::{self, icon},
    session::Visitor,
    users,
};

/// A conversation as somebody sees it.
pub(super) struct Dossier<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) id: ConversationId,
    pub(super) state: &'a Conversation,
    /// The version that the index shows; none: it has not heard of it yet.
    pub(super) indexed: Option<Version>,
    /// Who can become responsible.
    pub(super) staff: &'a [UserRow],
    pub(super) responsible: Option<&'a str>,
    pub(super) parties: &'a [PartyRecord],
    pub(super) conflicts: &'a [ConflictRow],
    /// What happened last, the newest last.
    pub(super) history: &'a [Streamed],
    pub(super) now: Timestamp,
    pub(super) calendar: &'a Calendar,
}

/// What happened, to show.
pub(super) const HISTORY: u32 = 20;

pub(super) fn may_write(visitor: &Visitor) -> bool {
    visitor.caller.actor.role.may(Permission::WriteConversations)
}

/// Whether somebody can be made responsible by the visitor.
pub(super) fn may_assign(visitor: &Visitor, state: &Conversation) -> bool {
    visitor.caller.actor.role.may(Permission::Assign) && state.status == Status::Active
}

impl Dossier<'_> {
    /// All of it.
    pub(super) fn cards(&self) -> Markup {
        html! {
            (self.identity()) (self.named()) (self.goals()) (self.assignment()) (self.course())
        }
    }

    /// What every form carries.
    fn hidden(&self) -> Markup {
        html! { (csrf(self.visitor)) input type="hidden" name="version" value=(self.state.version); }
    }

    fn path(&self, what: &str) -> String {
        format!("/conversations/{}/{what}", self.id)
    }

    fn time(&self, at: Timestamp) -> Markup {
        kit::time(at, self.now, self.calendar)
    }

    fn is_open(&self) -> bool {
        self.state.status == Status::Active
    }

    fn identity(&self) -> Markup {
        let state = self.state;
        html! {
            section class="card" data-part="identity" {
                h2 { "Client" }
                dl class="facts" {
                    @for (name, field, value) in particulars(state) { dt { (name) } dd { @match value { Some(value) => @if field == "clientEmail" { (kit::email(value.as_str())) } @else { (value.as_str()) }, None => span class="soft" { "not known" } } } }
                    dt { "Area" } dd { @match &state.practice_area { Some(area) => (kit::words(area.as_str())), None => span class="soft" { "not known" } } }
                    dt { "Quality" } dd { (kit::quality(state.quality_score())) }
                }
                @if may_write(self.visitor) && self.is_open() { details class="more" {
                    summary { "Change" }
                    form method="post" action=(self.path("identity")) class="stack more" {
                        (self.hidden())
                        @for (name, field, value) in particulars(state) {
                            label { (name) input name=(field) value=(value.as_ref().map_or("", Private::as_str)) autocomplete="off"; }
                        }
                        (self.areas())
                        p class="soft small" { "What is left empty stays as it was." }
                        div { button class="primary" { (icon("done")) "Save" } }
                    }
                } }
            }
        }
    }

    /// The firm's practice areas, to choose from.
    fn areas(&self) -> Markup {
        let chosen = self.state.practice_area.as_ref().map_or("", |area| area.as_str());
        let areas = &self.visitor.firm.settings.practice_areas;
        let mut words: Vec<_> = areas.iter().map(|area| (area.id.as_str(), area.name.clone())).collect();
        if !chosen.is_empty() && words.iter().all(|(word, _)| *word != chosen) {
            words.push((chosen, kit::words(chosen)));
        }
        html! { @if !words.is_empty() { (kit::choice("Area", "practiceArea", Some("Not known"), chosen, words)) } }
    }

    fn goals(&self) -> Markup {
        let state = self.state;
        let mut goals: Vec<&Goal> = state.goals.iter().collect();
        goals.sort_by_key(|goal| {
            (goal.completed_at.is_some(), GoalPriority::ALL.iter().position(|of| *of == goal.template.priority))
        });
        let can = may_write(self.visitor) && self.is_open();
        html! {
            section class="card" data-part="goals" {
                div class="title" { h2 { "Goals" } span class="soft small" { (state.goals_completed()) " of " (state.goals.len()) } }
                @if goals.is_empty() { p class="soft" { "None are set." } }
                ul class="goals" { @for goal in goals { li {
                    @if goal.completed_at.is_some() { span class="done" { (icon("done")) " " (goal.template.title) } }
                    @else {
                        span { (icon("open")) " " (goal.template.title) br; span class="soft small" { (kit::words(goal.template.priority.as_str())) } }
                        @if can { form method="post" action=(self.path("goals")) {
                            (self.hidden()) button name="goal" value=(goal.template.id) { "Reached" span class="hidden" { ": " (goal.template.title) } } } }
                    }
                } } }
            }
        }
    }

    fn assignment(&self) -> Markup {
        let priorities = Priority::ALL.map(|priority| (priority.as_str(), kit::words(priority.as_str())));
        html! {
            section class="card stack" data-part="assignment" {
                h2 { "Responsible" }
                @match (self.responsible, self.state.current_assignment()) {
                    (Some(name), Some(assignment)) => {
                        p { strong { (name) } br; span class="soft small" { (kit::words(assignment.terms.priority.as_str())) " priority, since " (self.time(assignment.assigned_at))
                            @if let Some(due) = assignment.terms.due_date { ", due " (self.time(due)) } } }
                    },
                    _ => p class="soft" { "Nobody yet." },
                }
                @if may_assign(self.visitor, self.state) { details {
                    summary { @if self.responsible.is_some() { "Assign to somebody else" } @else { "Assign" } }
                    form method="post" action=(self.path("assignment")) class="stack more" {
                        (self.hidden())
                        (kit::choice("To", "assignee", None, "", users::options(self.staff, "")))
                        (kit::choice("Priority", "priority", None, Priority::default().as_str(), priorities))
                        label { "Due" input type="date" name="due"; }
                        div { button class="primary" { (icon("people")) "Assign" } }
                    }
                } }
            }
        }
    }

    /// Who is named, and what was found against them.
    fn named(&self) -> Markup {
        html! {
            section class="card stack" data-part="parties" {
                div class="title" { h2 { "Conflicts of interest" } (kit::conflict(self.state.conflict_status)) }
                @if self.state.frozen_since.is_some() { p class="small" { (icon("alert")) " The intake is stopped until the conflict is resolved." } }
                @if !self.conflicts.is_empty() { ul class="goals" { @for row in self.conflicts { li {
                    span { a href={ "/conflicts/" (row.conflict_id) } { (row.party_name.as_str()) " and " (row.conflict_entity.as_str()) } br; span class="soft small" { (conflicts::matched(row.match_type.as_str())) ", " (kit::percent(row.confidence)) } }
                    (conflicts::state(row.status))
                } } } }
                @if self.parties.is_empty() { p class="soft small" { "Nobody is named yet, so nobody has been screened." } }
                @else { dl class="facts" { @for one in self.parties { dt { (kit::words(one.party.role.as_str())) } dd { (one.party.name.as_str()) } } } }
                @if may_write(self.visitor) && self.is_open() { details {
                    summary { "Name a party" }
                    form method="post" action=(self.path("parties")) class="stack more" {
                        (self.hidden())
                        label { "Name" input name="name" required maxlength="400" autocomplete="off"; }
                        (kit::choice("As", "role", None, PartyRole::OpposingParty.as_str(), PartyRole::ALL.map(|role| (role.as_str(), kit::words(role.as_str())))))
                        p class="soft small" { "They are screened against everybody whom the firm knows, and registered." }
                        div { button class="primary" { (icon("shield")) "Screen" } }
                    }
                } }
            }
        }
    }

    fn course(&self) -> Markup {
        let (state, id) = (self.state, self.id);
        html! {
            section class="card stack" data-part="course" {
                div class="title" { h2 { "Course" } (self.agreement()) }
                dl class="facts" {
                    dt { "Version" } dd { (state.version) }
                    @if state.held_since.is_some() { dt { "Hold" } dd { "kept, whatever the retention" } }
                }
                @if may_write(self.visitor) {
                    form method="post" action=(self.path("status")) class="row" {
                        (self.hidden())
                        @match state.status {
                            Status::Active => { button name="status" value="completed" { (icon("done")) "Complete" } button name="status" value="terminated" { (icon("ended")) "Terminate" } },
                            Status::Completed | Status::Terminated => button name="status" value="active" { "Take up again" },
                        }
                    }
                }
                details { summary { "History" }
                    (history(self.history, self.now, self.calendar))
                    @if self.visitor.caller.actor.role.may(Permission::ReadAudit) { p class="small" { a href={ "/audit?resource=conversation/" (id) } { "Everything, and who saw it" } } }
                }
            }
        }
    }

    /// Whether lists show the conversation as it is.
    fn agreement(&self) -> Markup {
        match self.indexed {
            Some(version) if version >= self.state.version => {
                html! { span class="chip good" title="Lists show the conversation as it is." { (icon("done")) "Index agrees" } }
            }
            Some(version) => {
                html! { span class="chip wait" title={ "Lists show version " (version) "." } { (icon("wait")) "Index lags" } }
            }
            None => html! { span class="chip wait" title="Lists do not show it yet." { (icon("wait")) "Index lags" } },
        }
    }
}

/// A client's particulars: what each is called, its field, and what is known of it.
pub(super) fn particulars(state: &Conversation) -> [(&'static str, &'static str, &Option<Private>); 6] {
    let of = &state.identity;
    [
        ("Name", "clientName", &of.name),
        ("E-mail", "clientEmail", &of.email),
        ("Phone", "clientPhone", &of.phone),
        ("Legal area", "legalArea", &of.legal_area),
        ("Address", "address", &of.address),
        ("Situation", "situation", &of.situation),
    ]
}

/// What happened, the newest first.
pub(super) fn history(events: &[Streamed], now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        ol class="history" { @for one in events.iter().rev() { li {
            span class="soft small num" { (one.version) }
            span { (one.event.as_ref().map_or("Erased", told)) }
            span class="soft small" { (kit::time(one.at, now, calendar)) }
        } } }
    }
}

/// An event in words.
const fn told(event: &Event) -> &'static str {
    match event {
        Event::ConversationCreated { .. } => "Begun",
        Event::MessageAdded { role: Author::User, .. } => "The client wrote",
        Event::MessageAdded { role: Author::Agent, .. } => "The firm wrote",
        Event::MessageAdded { role: Author::System, .. } => "Engage wrote",
        Event::IdentityUpdated { .. } => "Particulars of the client came in",
        Event::ConversationClassified { .. } => "The practice area became known",
        Event::GoalAdded { .. } => "A goal was set",
        Event::GoalCompleted { .. } => "A goal was reached",
        Event::AttorneyAssigned { pending: true, .. } => "Offered to somebody",
        Event::AttorneyAssigned { .. } => "Assigned",
        Event::AttorneyReassigned { .. } => "Taken from who was responsible",
        Event::AssignmentCompleted { .. } => "Who was responsible is done",
        Event::PhaseChanged { .. } => "Moved to another phase",
        Event::ConflictDecided { .. } => "The conflict check was decided",
        Event::ConflictsScreened { .. } => "Screened for conflicts of interest",
        Event::ConversationSecured { .. } => "The client signed in",
        Event::ConversationClosed { status: Status::Completed, .. } => "Completed",
        Event::ConversationClosed { .. } => "Terminated",
        Event::ConversationReopened { .. } => "Taken up again",
        Event::ConversationDeleted { .. } => "Deleted",
        Event::ConversationRestored { .. } => "Restored",
        Event::ResumeTokenIssued { .. } => "A link to come back was given out",
        Event::ResumeTokenExpired { .. } => "The link to come back ended",
        Event::LegalHoldSet { .. } => "Put on legal hold",
        Event::LegalHoldReleased { .. } => "The legal hold was lifted",
        Event::ConversationErased { .. } => "What was said was erased",
    }
}
