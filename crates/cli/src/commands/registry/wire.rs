//! The registry's parties and screenings as the API writes them.

use engage_domain::{
    ConflictId, ConversationId, EntryId, PartyId, Timestamp, Version,
    registry::{ConflictType, Evidence, Identifier, MatchType, Matched, Party, PartyKind, PartyRole, Screening},
    text::Private,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Checked, Fate, Imported};
use crate::import::PartyRow;

/// A party as the API takes it. Without a role it is only good for a check.
pub(super) fn party(row: &PartyRow) -> Value {
    let Party { name, kind, aliases, identifiers, matter, external_id, .. } = &row.party;
    let identifier = |Identifier { sort, value }: &Identifier| json!({ "type": sort, "value": value });
    let fields = [
        ("role", row.role.map(|role| json!(role))),
        ("name", Some(json!(name))),
        ("kind", (*kind != PartyKind::Unknown).then(|| json!(kind))),
        ("aliases", (!aliases.is_empty()).then(|| json!(aliases))),
        ("identifiers", (!identifiers.is_empty()).then(|| identifiers.iter().map(identifier).collect())),
        ("matter", matter.as_ref().map(|matter| json!(matter))),
        ("externalId", external_id.as_ref().map(|id| json!(id))),
    ];
    Value::Object(
        fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect::<Map<_, _>>(),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireScreening {
    checked_at: Timestamp,
    registry_version: Version,
    rules_version: u32,
    matches: Vec<WireMatch>,
    information: Vec<WireMatch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMatch {
    party_id: PartyId,
    role: PartyRole,
    conversation_id: Option<ConversationId>,
    name: Private,
    conflict_type: Option<ConflictType>,
    #[serde(default)]
    conflict_id: Option<ConflictId>,
    match_type: MatchType,
    confidence: f64,
    evidence: Evidence,
}

impl From<WireScreening> for Screening {
    fn from(wire: WireScreening) -> Self {
        let matched = |one: WireMatch| Matched {
            party: one.party_id,
            role: one.role,
            conversation: one.conversation_id,
            name: one.name,
            match_type: one.match_type,
            confidence: one.confidence,
            evidence: one.evidence,
            conflict_type: one.conflict_type,
            conflict: one.conflict_id,
        };
        Self {
            at: wire.checked_at,
            registry: wire.registry_version,
            rules: wire.rules_version,
            matches: wire.matches.into_iter().chain(wire.information).map(matched).collect(),
        }
    }
}

#[derive(Deserialize)]
struct WireImport {
    results: Vec<WireImported>,
}

#[derive(Deserialize)]
struct WireImported {
    status: String,
    party: Option<WireParty>,
    screening: Option<WireScreening>,
    problem: Option<WireProblem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireParty {
    party_id: PartyId,
}

#[derive(Deserialize)]
struct WireProblem {
    detail: String,
}

/// What became of each party of an import.
pub(super) fn imported(answer: Value) -> anyhow::Result<Vec<Result<Imported, String>>> {
    let WireImport { results } = serde_json::from_value(answer)?;
    let outcome = |WireImported { status, party, screening, problem }: WireImported| {
        let fate = match status.as_str() {
            "registered" => Fate::Registered,
            "changed" => Fate::Changed,
            "known" => Fate::Known,
            _ => return Ok(Err(problem.map_or_else(|| "was refused".to_owned(), |problem| problem.detail))),
        };
        match (party, screening) {
            (Some(WireParty { party_id }), Some(screening)) => {
                Ok(Ok(Imported { id: party_id, fate, screening: screening.into() }))
            }
            _ => Err(anyhow::anyhow!("the server says {status} of a party and does not show it")),
        }
    };
    results.into_iter().map(outcome).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireChecked {
    check_id: Option<EntryId>,
    screening: WireScreening,
}

/// What a check came to.
pub(super) fn checked(answer: Value) -> anyhow::Result<Checked> {
    let WireChecked { check_id, screening } = serde_json::from_value(answer)?;
    Ok(Checked { screening: screening.into(), entry: check_id })
}
