//! Events of every kind as the golden files hold them: with everything that can be absent, and without it.

use engage_domain::{
    ConflictId, ConversationId, PartyId, PracticeArea, Role, Timestamp, Version,
    conversation::{
        self, Assignment, AssignmentStatus, Author, ConflictStatus, GoalPriority, GoalTemplate, Identity, Phase,
        Priority, Remains, Status, Terms,
    },
    firm::{self, PracticeAreaSettings, SavedView, Settings, SettingsChange},
    registry::{
        Aligned, Artefact, Conflict, ConflictState, ConflictType, Detection, Evidence, Identifier, IdentifierSort,
        MatchType, Matched, Outcome, Party, PartyKind, PartyRole, Reason, Related, Relation, Resolution, Resolved,
        Screening, Side,
    },
    token::TokenHash,
    user::{self, UserStatus},
};

use crate::desk::user_id;

fn at() -> Timestamp {
    "2026-11-23T01:02:03.004Z".parse().unwrap()
}

fn area() -> PracticeArea {
    "family_law".parse().unwrap()
}

fn goal() -> GoalTemplate {
    GoalTemplate { id: "custody".into(), title: "Who has custody?".into(), priority: GoalPriority::Important }
}

fn identity() -> Identity {
    Identity {
        name: Some("Jane Roe".into()),
        email: Some("jane@roe.test".into()),
        phone: Some("+1 555 0100".into()),
        legal_area: Some("divorce".into()),
        situation: Some("Two lines,\nand a \"quote\".".into()),
        address: Some("1 Main St".into()),
    }
}

fn terms() -> Terms {
    Terms {
        priority: Priority::Urgent,
        due_date: Some(at()),
        estimated_hours: Some(2.5),
        notes: Some("Speaks Spanish — ñ".into()),
    }
}

fn remains() -> Remains {
    Remains {
        practice_area: Some(area()),
        status: Status::Completed,
        phase: Phase::DataGathering,
        conflict_status: ConflictStatus::Clear,
        assigned_to: Some(user_id(1)),
        assignments: vec![Assignment {
            assigned_to: user_id(1),
            assigned_by: Some(user_id(2)),
            assigned_at: at(),
            status: AssignmentStatus::Active,
            terms: Terms { notes: None, ..terms() },
            actual_hours: None,
            version: Version(3),
        }],
        message_count: 7,
        created_at: at(),
        last_activity: at(),
        closed_at: Some(at()),
        deleted_at: at(),
    }
}

pub(crate) fn conversation() -> Vec<conversation::Event> {
    use conversation::Event as E;
    let at = at();
    vec![
        E::ConversationCreated {
            at,
            identity: identity(),
            practice_area: Some(area()),
            goals: vec![goal()],
            external_id: Some("CASE-1".into()),
        },
        E::ConversationCreated {
            at,
            identity: Identity::default(),
            practice_area: None,
            goals: vec![],
            external_id: None,
        },
        E::MessageAdded { at, role: Author::User, content: "Hello,\n\t\"you\" \\ 🦀".into() },
        E::MessageAdded { at, role: Author::Agent, content: "Hello".into() },
        E::MessageAdded { at, role: Author::System, content: "x".into() },
        E::IdentityUpdated { at, identity: identity() },
        E::IdentityUpdated { at, identity: Identity { name: Some("Jane".into()), ..Identity::default() } },
        E::ConversationClassified { at, practice_area: area() },
        E::GoalAdded { at, goal: goal() },
        E::GoalCompleted { at, id: "custody".into() },
        E::AttorneyAssigned { at, assignee: user_id(1), assigned_by: Some(user_id(2)), terms: terms(), pending: true },
        E::AttorneyAssigned { at, assignee: user_id(1), assigned_by: None, terms: Terms::default(), pending: false },
        E::AttorneyReassigned { at, from: user_id(1) },
        E::AssignmentCompleted { at, assignee: user_id(1), actual_hours: Some(0.1) },
        E::AssignmentCompleted { at, assignee: user_id(1), actual_hours: None },
        E::PhaseChanged { at, from: Phase::PreLogin, to: Phase::LoginSuggested },
        E::PhaseChanged { at, from: Phase::Secured, to: Phase::ConflictCheckComplete },
        E::PhaseChanged { at, from: Phase::DataGathering, to: Phase::Completed },
        E::PhaseChanged { at, from: Phase::PreLogin, to: Phase::Terminated },
        E::ConflictDecided { at, status: ConflictStatus::Pending },
        E::ConflictDecided { at, status: ConflictStatus::Clear },
        E::ConflictDecided { at, status: ConflictStatus::ConflictDetected },
        E::ConflictsScreened { at, status: ConflictStatus::Clear, registry: Version(7), frozen: false },
        E::ConflictsScreened { at, status: ConflictStatus::ConflictDetected, registry: Version(8), frozen: true },
        E::ConversationSecured { at, user: user_id(1) },
        E::ConversationClosed { at, status: Status::Active },
        E::ConversationClosed { at, status: Status::Completed },
        E::ConversationClosed { at, status: Status::Terminated },
        E::ConversationReopened { at },
        E::ConversationDeleted { at },
        E::ConversationRestored { at },
        E::LegalHoldSet { at, reason: "Jane v. Acme".into() },
        E::LegalHoldReleased { at },
        E::ConversationErased { at, remains: Box::new(remains()) },
        E::ResumeTokenIssued { at, hash: TokenHash::of("token"), until: at.plus_millis(1) },
        E::ResumeTokenExpired { at },
    ]
}

pub(crate) fn user() -> Vec<user::Event> {
    use user::Event as E;
    let at = at();
    let bare = |role| E::UserRegistered { at, subject: None, email: None, name: None, role };
    let mut events = vec![E::UserRegistered {
        at,
        subject: Some("auth0|1".into()),
        email: Some("ann@acme.test".into()),
        name: Some("Ann".into()),
        role: Role::Attorney,
    }];
    events.extend(Role::ASSIGNABLE.map(bare));
    events.extend([
        E::UserRenamed { at, name: "Ann".into() },
        E::RoleChanged { at, from: Role::Paralegal, to: Role::ManagingPartner },
        E::UserStatusChanged { at, status: UserStatus::Active },
        E::UserStatusChanged { at, status: UserStatus::Inactive },
        E::UserStatusChanged { at, status: UserStatus::Suspended },
        E::UserSignedIn { at },
        E::SessionsRevoked { at },
    ]);
    events
}

pub(crate) fn firm() -> Vec<firm::Event> {
    use firm::Event as E;
    let at = at();
    let areas = vec![
        PracticeAreaSettings { id: area(), name: "Family law".into(), goals: vec![goal()] },
        PracticeAreaSettings { id: "tax".parse().unwrap(), name: "Tax".into(), goals: vec![] },
    ];
    let settings = Settings {
        practice_areas: areas.clone(),
        time_zone: "America/Chicago".into(),
        retention_days: 30,
        jurisdiction: Some("us".into()),
        freeze_on_conflict: true,
    };
    let change = SettingsChange {
        name: Some("Acme".into()),
        practice_areas: Some(areas.clone()),
        time_zone: Some("UTC".into()),
        retention_days: Some(1),
        jurisdiction: Some("eu".into()),
        freeze_on_conflict: None,
    };
    vec![
        E::FirmCreated { at, name: "Acme LLP".into(), settings: Box::new(settings) },
        E::FirmCreated { at, name: "Acme LLP".into(), settings: Box::default() },
        E::FirmCreated {
            at,
            name: "Acme LLP".into(),
            settings: Box::new(Settings { freeze_on_conflict: false, ..Settings::default() }),
        },
        E::SettingsChanged { at, change: Box::new(change) },
        E::SettingsChanged { at, change: Box::default() },
        E::SettingsChanged {
            at,
            change: Box::new(SettingsChange { freeze_on_conflict: Some(false), ..SettingsChange::default() }),
        },
        E::PracticeAreaAdded { at, area: areas[0].clone() },
        E::PracticeAreaAdded { at, area: areas[1].clone() },
        E::EmailClaimed { at, email: "ann@acme.test".into(), user: user_id(1) },
        E::ViewSaved {
            at,
            view: SavedView { name: "Urgent".into(), query: "status=active".into(), owner: Some(user_id(1)) },
        },
        E::ViewSaved { at, view: SavedView { name: "Everything".into(), query: String::new(), owner: None } },
        E::ViewRemoved { at, owner: Some(user_id(1)), name: "Urgent".into() },
        E::ViewRemoved { at, owner: None, name: "Everything".into() },
        E::FirmSuspended { at },
        E::FirmReinstated { at },
        registered(party(), screening(), outcomes()),
        registered(bare_party(), bare_screening(), vec![]),
        E::PartyChanged {
            at,
            id: party_id(1),
            party: Box::new(party()),
            side: Side::Opposing,
            screening: Box::new(screening()),
            outcomes: outcomes(),
        },
        E::ConflictChecked { at, party: Box::new(bare_party()), screening: Box::new(screening()) },
        E::ConflictDetected { at, conflict: Box::new(conflict()) },
        E::ConflictDetected { at, conflict: Box::new(bare_conflict()) },
        E::ConflictReviewed { at, id: conflict().id, by: Some(user_id(1)), notes: Some("Two Janes?".into()) },
        E::ConflictReviewed { at, id: conflict().id, by: None, notes: None },
        E::ConflictResolved { at, id: conflict().id, resolved: Box::new(resolved()), outcomes: outcomes() },
        E::ConflictResolved { at, id: conflict().id, resolved: Box::new(declined()), outcomes: vec![] },
        E::ConflictReopened {
            at,
            id: conflict().id,
            by: Some(user_id(1)),
            reason: Some("She married.".into()),
            detection: Some(Box::new(detection())),
            outcomes: outcomes(),
        },
        E::ConflictReopened { at, id: conflict().id, by: None, reason: None, detection: None, outcomes: vec![] },
    ]
}

fn party_id(n: u128) -> PartyId {
    PartyId::from_ulid(ulid::Ulid(n))
}

fn conversation_id(n: u128) -> ConversationId {
    ConversationId::from_ulid(ulid::Ulid(n))
}

fn registered(party: Party, screening: Screening, outcomes: Vec<Outcome>) -> firm::Event {
    firm::Event::PartyRegistered {
        at: at(),
        id: party_id(1),
        party: Box::new(party),
        side: Side::Client,
        screening: Box::new(screening),
        outcomes,
    }
}

fn party() -> Party {
    Party {
        role: PartyRole::RelatedEntity,
        kind: PartyKind::Organisation,
        name: "Acme Holdings, Inc.".into(),
        aliases: vec!["Roadrunner Supplies".into()],
        identifiers: vec![Identifier { sort: IdentifierSort::RegistrationNumber, value: "HRB 1".into() }],
        conversation: Some(conversation_id(1)),
        related: Some(Related { to: party_id(2), relation: Relation::Parent }),
        matter: Some("Roe v. Acme".into()),
        external_id: Some("C-1".into()),
    }
}

fn bare_party() -> Party {
    Party::named(PartyRole::Client, "Jane Roe")
}

fn evidence() -> Evidence {
    Evidence {
        aligned: vec![Aligned { queried: "jane".into(), found: "jayne".into(), reason: Reason::Phonetic }],
        queried_only: vec!["marie".into()],
        found_only: vec!["ann".into()],
        identifiers: vec![IdentifierSort::Email],
    }
}

fn screening() -> Screening {
    let adverse = Matched {
        party: party_id(2),
        role: PartyRole::OpposingParty,
        conversation: Some(conversation_id(2)),
        name: "Jayne Roe".into(),
        match_type: MatchType::Phonetic,
        confidence: 0.9125,
        evidence: evidence(),
        conflict_type: Some(ConflictType::OpposingParty),
        conflict: Some(conflict().id),
    };
    let information = Matched {
        conversation: None,
        evidence: Evidence::default(),
        match_type: MatchType::Exact,
        confidence: 1.0,
        conflict_type: None,
        conflict: None,
        ..adverse.clone()
    };
    Screening { at: at(), registry: Version(7), rules: 1, matches: vec![adverse, information] }
}

fn bare_screening() -> Screening {
    Screening { at: at(), registry: Version(1), rules: 1, matches: vec![] }
}

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome { conversation: conversation_id(1), status: ConflictStatus::ConflictDetected, freezes: true },
        Outcome { conversation: conversation_id(2), status: ConflictStatus::Clear, freezes: false },
    ]
}

fn detection() -> Detection {
    Detection { at: at(), match_type: MatchType::Phonetic, confidence: 0.9125, evidence: evidence(), rules: 1 }
}

fn conflict() -> Conflict {
    Conflict {
        id: ConflictId::between(party_id(1), party_id(2)),
        conflict_type: ConflictType::OpposingParty,
        party: party_id(1),
        role: PartyRole::Client,
        name: "Jane Roe".into(),
        conversation: Some(conversation_id(1)),
        other: party_id(2),
        other_role: PartyRole::OpposingParty,
        other_name: "Jayne Roe".into(),
        other_conversation: Some(conversation_id(2)),
        detection: detection(),
        state: ConflictState::Confirmed,
        reviewer: Some(user_id(1)),
        notes: Some("Two Janes?".into()),
        resolved: Some(declined()),
        reopened: 1,
    }
}

fn bare_conflict() -> Conflict {
    Conflict {
        conversation: None,
        other_conversation: None,
        state: ConflictState::Detected,
        reviewer: None,
        notes: None,
        resolved: None,
        reopened: 0,
        ..conflict()
    }
}

fn resolved() -> Resolved {
    Resolved {
        resolution: Resolution::ClientConsented,
        reason: "Both agreed in writing.".into(),
        artefact: Some(Artefact {
            name: "Consent".into(),
            reference: "DMS-4711".into(),
            sha256: Some("ab".repeat(32).into()),
        }),
        declined: None,
        by: Some(user_id(1)),
        at: at(),
    }
}

fn declined() -> Resolved {
    Resolved {
        resolution: Resolution::CannotRepresent,
        reason: "Adverse to a client.".into(),
        artefact: None,
        declined: Some(conversation_id(1)),
        by: None,
        at: at(),
    }
}
