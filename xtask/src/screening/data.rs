//! The labelled data, and what the screening finds in it.

use std::{collections::HashMap, path::Path};

use anyhow::{Context, Result};
use engage_screening::{
    Features, Handle, Kind, Options, Party, Screen, candidates, confidence_of, evaluation::Judged, pair_features,
};
use serde::Deserialize;

/// Candidates of a query that are learned from.
const CANDIDATES: usize = 15;

#[derive(Deserialize)]
struct RegistryRow {
    party_id: String,
    name: String,
    aliases: String,
    kind: String,
}

#[derive(Deserialize)]
struct QueryRow {
    query_id: String,
    query_name: String,
    expected_party_id: String,
    category: String,
}

#[derive(Deserialize)]
struct PairRow {
    name1: String,
    name2: String,
    schema: String,
    is_match: bool,
}

/// What was measured on a pair of names, and whether they are of one party.
pub(super) struct Example {
    pub(super) features: Features,
    pub(super) organisation: bool,
    pub(super) same: bool,
}

/// A query with its candidates.
pub(super) struct Query {
    pub(super) name: String,
    pub(super) category: String,
    pub(super) positive: bool,
    /// The number of the entity it is about, for folds.
    pub(super) entity: u64,
    pub(super) found: Vec<Example>,
    pub(super) shown: Vec<String>,
}

/// Pairs of the adversarial bench.
pub(super) struct Pair {
    pub(super) example: Example,
    pub(super) names: (String, String),
}

pub(super) struct Data {
    screen: Screen,
    handles: HashMap<String, u32>,
    queries: Vec<QueryRow>,
}

fn rows<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("could not open {}", path.display()))?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| format!("could not read {}", path.display()))
}

impl Data {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut screen = Screen::new();
        let mut handles = HashMap::new();
        for (handle, row) in (0..).zip(rows::<RegistryRow>(&folder.join("registry.csv"))?) {
            let aliases: Vec<_> = row.aliases.split('|').filter(|alias| !alias.trim().is_empty()).collect();
            let kind = if row.kind == "person" { Kind::Person } else { Kind::Organisation };
            screen.insert(Handle(handle), &Party::named(row.name).of_kind(kind).also_known_as(aliases));
            handles.insert(row.party_id, handle);
        }
        Ok(Self { screen, handles, queries: rows(&folder.join("queries.csv"))? })
    }

    /// Every query with its best candidates by the weights in the source.
    pub(super) fn queries(&self) -> Vec<Query> {
        let options = Options { limit: CANDIDATES, threshold: 0.0 };
        let query = |row: &QueryRow| {
            let expected: Vec<u32> =
                row.expected_party_id.split('|').filter_map(|id| self.handles.get(id).copied()).collect();
            let candidates = candidates(self.screen.store(), &Party::named(&*row.query_name), &options);
            let shown = candidates.iter().map(|one| one.matched.name.clone()).collect();
            let found = candidates.into_iter().map(|one| Example {
                features: one.features,
                organisation: one.organisation,
                same: expected.contains(&one.matched.handle.0),
            });
            // Queries about one party belong together; one about nobody stands alone.
            let entity = expected.first().map_or_else(|| hash(&row.query_id), |party| hash(&party.to_string()));
            Query {
                name: row.query_name.clone(),
                category: row.category.clone(),
                positive: !expected.is_empty(),
                entity,
                found: found.collect(),
                shown,
            }
        };
        self.queries.iter().map(query).collect()
    }
}

/// The pairs of the bench.
pub(super) fn pairs(folder: &Path) -> Result<Vec<Pair>> {
    let rows: Vec<PairRow> = rows(&folder.join("pairs_namebench.csv"))?;
    let pair = |row: PairRow| {
        let kind = match row.schema.as_str() {
            "Person" => Kind::Person,
            "Company" | "Organization" => Kind::Organisation,
            _ => Kind::Unknown,
        };
        let (features, organisation) = pair_features(&row.name1, &row.name2, kind);
        Pair { example: Example { features, organisation, same: row.is_match }, names: (row.name1, row.name2) }
    };
    Ok(rows.into_iter().map(pair).collect())
}

/// A query judged by a way to weigh its candidates.
pub(super) fn judge(query: &Query, weigh: &dyn Fn(&Example) -> f64) -> Judged {
    let mut answers: Vec<(f64, bool)> = query.found.iter().map(|one| (weigh(one), one.same)).collect();
    answers.sort_by(|a, b| b.0.total_cmp(&a.0));
    Judged { category: query.category.clone(), positive: query.positive, answers }
}

/// By the weights in the source.
pub(super) fn as_shipped(example: &Example) -> f64 {
    confidence_of(&(example.features, example.organisation))
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
