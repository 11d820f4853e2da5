//! Parties of the registry, and what screening them came to.

use engage_app::registry::{Checked, Registered};
use engage_domain::{
    ConflictId, ConversationId, EntryId, PartyId, Timestamp, Version,
    conversation::ConflictStatus,
    registry::{
        Aligned, ConflictType, Evidence, Identifier, IdentifierSort, MatchType, Matched, Party, PartyKind, PartyRecord,
        PartyRole, Reason, Relation, Screening, Side,
    },
    text::Private,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::conversation::ConversationView;
use crate::{problem::Problem, schema};

/// A party: who it is, in which role, where.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Party)]
pub(crate) struct PartyView<'a> {
    /// Its id; null for one that was only checked.
    #[schema(schema_with = schema::maybe_ulid)]
    party_id: Option<PartyId>,
    #[schema(schema_with = schema::party_role)]
    role: PartyRole,
    #[schema(schema_with = schema::party_kind)]
    kind: PartyKind,
    #[schema(schema_with = schema::text)]
    name: &'a Private,
    #[schema(value_type = Vec<String>)]
    aliases: &'a [Private],
    identifiers: Vec<IdentifierView<'a>>,
    /// The conversation in which it appears; null for what the firm knew before.
    #[schema(schema_with = schema::maybe_ulid)]
    conversation_id: Option<ConversationId>,
    /// On whose side it stands in its own matter; null for one that was only checked.
    #[schema(schema_with = schema::maybe_side)]
    side: Option<Side>,
    /// The party to which a related entity belongs.
    #[schema(schema_with = schema::maybe_ulid)]
    related_to: Option<PartyId>,
    #[schema(schema_with = schema::maybe_relation)]
    relation: Option<Relation>,
    #[schema(schema_with = schema::maybe_text)]
    matter: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    external_id: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_time)]
    registered_at: Option<Timestamp>,
}

/// What identifies a party beside its names.
#[derive(Serialize, ToSchema)]
#[schema(as = Identifier)]
struct IdentifierView<'a> {
    #[schema(schema_with = schema::identifier_sort)]
    r#type: IdentifierSort,
    #[schema(schema_with = schema::text)]
    value: &'a Private,
}

impl<'a> PartyView<'a> {
    pub(crate) fn new(record: &'a PartyRecord) -> Self {
        Self {
            party_id: Some(record.id),
            side: Some(record.side),
            registered_at: Some(record.registered_at),
            ..Self::checked(&record.party)
        }
    }

    /// A party that was only checked.
    pub(crate) fn checked(party: &'a Party) -> Self {
        let identifier = |Identifier { sort, value }: &'a Identifier| IdentifierView { r#type: *sort, value };
        Self {
            party_id: None,
            role: party.role,
            kind: party.kind,
            name: &party.name,
            aliases: &party.aliases,
            identifiers: party.identifiers.iter().map(identifier).collect(),
            conversation_id: party.conversation,
            side: None,
            related_to: party.related.map(|related| related.to),
            relation: party.related.map(|related| related.relation),
            matter: party.matter.as_ref(),
            external_id: party.external_id.as_ref(),
            registered_at: None,
        }
    }
}

/// What screening a party came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Screening)]
pub(crate) struct ScreeningView<'a> {
    /// `conflict_detected` when somebody adverse was found, else `clear`.
    #[schema(schema_with = schema::conflict_status)]
    status: ConflictStatus,
    #[schema(schema_with = schema::time)]
    checked_at: Timestamp,
    /// The firm's version whose registry was asked. "Nobody was found at that version" is a result too.
    #[schema(schema_with = schema::version)]
    registry_version: Version,
    /// The version of the rules and weights that compared the names.
    rules_version: u32,
    /// Who was found and is adverse, the likeliest first.
    matches: Vec<MatchView<'a>>,
    /// Who was found and is not: the same client again, another case against the same opponent.
    information: Vec<MatchView<'a>>,
}

impl<'a> ScreeningView<'a> {
    pub(crate) fn new(screening: &'a Screening) -> Self {
        let (conflicts, information): (Vec<_>, Vec<_>) =
            screening.matches.iter().partition(|matched| matched.conflict_type.is_some());
        Self {
            status: screening.status(),
            checked_at: screening.at,
            registry_version: screening.registry,
            rules_version: screening.rules,
            matches: conflicts.into_iter().map(MatchView::new).collect(),
            information: information.into_iter().map(MatchView::new).collect(),
        }
    }
}

/// A party that may be the one that was screened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Match)]
struct MatchView<'a> {
    #[schema(schema_with = schema::ulid)]
    party_id: PartyId,
    /// The name of it that matched.
    #[schema(schema_with = schema::text)]
    name: &'a Private,
    #[schema(schema_with = schema::party_role)]
    role: PartyRole,
    #[schema(schema_with = schema::maybe_ulid)]
    conversation_id: Option<ConversationId>,
    /// What conflict that is; null where it is none.
    #[schema(schema_with = schema::maybe_conflict_type)]
    conflict_type: Option<ConflictType>,
    /// The conflict that was recorded; null for a check, and where neither of the two is in a conversation.
    #[schema(schema_with = schema::maybe_ulid)]
    conflict_id: Option<ConflictId>,
    /// The cheapest explanation that suffices.
    #[schema(schema_with = schema::match_type)]
    match_type: MatchType,
    /// How likely it is the same party, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    confidence: f64,
    evidence: EvidenceView<'a>,
}

impl<'a> MatchView<'a> {
    fn new(matched: &'a Matched) -> Self {
        Self {
            party_id: matched.party,
            name: &matched.name,
            role: matched.role,
            conversation_id: matched.conversation,
            conflict_type: matched.conflict_type,
            conflict_id: matched.conflict,
            match_type: matched.match_type,
            confidence: matched.confidence,
            evidence: EvidenceView::new(&matched.evidence),
        }
    }
}

/// Why two parties are taken for one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Evidence)]
pub(crate) struct EvidenceView<'a> {
    /// Words that were lined up, in the order of the name that was asked for.
    aligned: Vec<AlignedView<'a>>,
    /// Words that only the name that was asked for has.
    #[schema(value_type = Vec<String>)]
    queried_only: &'a [Private],
    /// Words that only the name that was found has.
    #[schema(value_type = Vec<String>)]
    found_only: &'a [Private],
    /// Identifiers that both have.
    #[schema(schema_with = schema::identifier_sorts)]
    identifiers: &'a [IdentifierSort],
}

/// Words of the two names that were lined up.
#[derive(Serialize, ToSchema)]
#[schema(as = Aligned)]
struct AlignedView<'a> {
    #[schema(schema_with = schema::text)]
    queried: &'a Private,
    #[schema(schema_with = schema::text)]
    found: &'a Private,
    #[schema(schema_with = schema::reason)]
    reason: Reason,
}

impl<'a> EvidenceView<'a> {
    pub(crate) fn new(evidence: &'a Evidence) -> Self {
        let Evidence { aligned, queried_only, found_only, identifiers } = evidence;
        let aligned =
            aligned.iter().map(|Aligned { queried, found, reason }| AlignedView { queried, found, reason: *reason });
        Self { aligned: aligned.collect(), queried_only, found_only, identifiers }
    }
}

/// A party and what screening it came to.
#[derive(Serialize, ToSchema)]
#[schema(as = ScreenedParty)]
pub(crate) struct ScreenedView<'a> {
    party: PartyView<'a>,
    screening: ScreeningView<'a>,
}

impl<'a> ScreenedView<'a> {
    pub(crate) fn new(record: &'a PartyRecord) -> Self {
        Self { party: PartyView::new(record), screening: ScreeningView::new(&record.screening) }
    }
}

/// A party of a conversation, what screening it came to, and the conversation as it is then.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedParty)]
pub(crate) struct NamedAnswer<'a> {
    #[serde(flatten)]
    pub(crate) screened: ScreenedView<'a>,
    pub(crate) conversation: ConversationView<'a>,
}

/// Parties of a conversation, each with its result, and the conversation as it is then.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedParties)]
pub(crate) struct NamedAllAnswer<'a> {
    /// In the order of the request.
    pub(crate) results: Vec<ScreenedView<'a>>,
    pub(crate) conversation: ConversationView<'a>,
}

/// A party of the registry.
#[derive(Serialize, ToSchema)]
#[schema(as = PartyAnswer)]
pub(crate) struct PartyAnswer<'a> {
    #[serde(flatten)]
    pub(crate) screened: ScreenedView<'a>,
    /// `object`: the source itself, not the index.
    pub(crate) source: &'static str,
}

/// Parties with what their latest screening came to.
#[derive(Serialize, ToSchema)]
#[schema(as = Parties)]
pub(crate) struct PartiesAnswer<'a> {
    pub(crate) parties: Vec<ScreenedView<'a>>,
    pub(crate) page: PartyCursor,
    /// `object`: the registry itself, not the index.
    pub(crate) source: &'static str,
}

/// Where the list goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartyCursor {
    /// The `cursor` of the next page; null: this is the last.
    pub(crate) next: Option<String>,
}

/// What a check came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CheckAnswer)]
pub(crate) struct CheckAnswer<'a> {
    /// The entry under which the check stays on record.
    #[schema(schema_with = schema::maybe_ulid)]
    check_id: Option<EntryId>,
    party: PartyView<'a>,
    screening: ScreeningView<'a>,
}

impl<'a> CheckAnswer<'a> {
    pub(crate) fn new(checked: &'a Checked) -> Self {
        Self {
            check_id: checked.recorded.map(|recorded| recorded.id),
            party: PartyView::checked(&checked.party),
            screening: ScreeningView::new(&checked.screening),
        }
    }
}

/// What became of each party of an import, in the order of the parties.
#[derive(Serialize, ToSchema)]
#[schema(as = PartyImportAnswer)]
pub(crate) struct ImportAnswer<'a> {
    pub(crate) results: Vec<ImportedView<'a>>,
}

/// What became of a party of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedParty)]
pub(crate) struct ImportedView<'a> {
    /// `registered`; `changed`: more became known of it; `known`: nothing happened; `refused`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<PartyView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    screening: Option<ScreeningView<'a>>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<RefusedView<'a>>,
}

/// Why a party of an import was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusedParty)]
struct RefusedView<'a> {
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl<'a> ImportedView<'a> {
    pub(crate) fn new(imported: &'a Result<Box<Registered>, Problem>) -> Self {
        match imported {
            Ok(registered) => Self {
                status: match (registered.created, registered.changed) {
                    (true, _) => "registered",
                    (false, true) => "changed",
                    (false, false) => "known",
                },
                party: Some(PartyView::new(&registered.party)),
                screening: Some(ScreeningView::new(&registered.party.screening)),
                problem: None,
            },
            Err(Problem { code, detail, field, .. }) => Self {
                status: "refused",
                party: None,
                screening: None,
                problem: Some(RefusedView { code: code.as_str(), detail, field: field.as_deref() }),
            },
        }
    }
}
