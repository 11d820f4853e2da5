//! The text of the demonstration, from the TOML files beside this module, and how its slots are filled.

use std::collections::BTreeMap;

use engage_domain::{PracticeArea, Role, conversation::GoalTemplate};
use serde::Deserialize;

use super::random::Random;

const FIRMS: [&str; 3] =
    [include_str!("harbor-law.toml"), include_str!("sierra-injury.toml"), include_str!("lakeshore-counsel.toml")];
const PHRASES: &str = include_str!("phrases.toml");

/// A firm and what its clients come with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirmScript {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) time_zone: String,
    pub(super) area_code: String,
    pub(super) conversations: usize,
    pub(super) staff: Vec<Member>,
    pub(super) slots: BTreeMap<String, Vec<String>>,
    pub(super) areas: Vec<Area>,
}

/// One of the firm's people; `user` is the local part of their e-mail address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) user: String,
    pub(super) role: Role,
}

/// A practice area.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Area {
    pub(super) name: String,
    pub(super) goals: Vec<GoalTemplate>,
    pub(super) topics: Vec<Topic>,
}

/// One kind of matter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    pub(super) legal_area: String,
    pub(super) situation: String,
    pub(super) opening: Vec<String>,
    pub(super) exchanges: Vec<Exchange>,
}

/// A question, its possible answers, and the goal that an answer reaches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    pub(super) ask: String,
    pub(super) answer: Vec<String>,
    pub(super) goal: Option<String>,
}

/// What any firm's people and clients say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrases {
    pub(super) first_names: Vec<String>,
    pub(super) last_names: Vec<String>,
    pub(super) streets: Vec<String>,
    pub(super) welcome: Vec<String>,
    pub(super) sign_in: Vec<String>,
    pub(super) cleared: Vec<String>,
    pub(super) engaged: Vec<String>,
    pub(super) signed: Vec<String>,
    pub(super) advised: Vec<String>,
    pub(super) declined: Vec<String>,
    pub(super) conflicted: Vec<String>,
    pub(super) reminder: Vec<String>,
    pub(super) update: Vec<String>,
    pub(super) thanks: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) looking_into: Vec<String>,
    pub(super) somebody_else: Vec<String>,
    pub(super) consented: Vec<String>,
    pub(super) opposed: Vec<String>,
    pub(super) short_names: BTreeMap<String, String>,
    pub(super) misspellings: BTreeMap<String, String>,
}

pub(super) fn firms() -> Vec<FirmScript> {
    FIRMS.iter().map(|text| toml::from_str(text).expect("a seed file is well formed, tested")).collect()
}

pub(super) fn phrases() -> Phrases {
    toml::from_str(PHRASES).expect("the phrases are well formed, tested")
}

impl Area {
    /// The slug of its name.
    pub(super) fn id(&self) -> PracticeArea {
        self.name.parse().expect("an area's name in a seed file makes a slug, tested")
    }
}

/// What the slots of one conversation hold: drawn once, so that its text does not contradict itself.
#[derive(Debug)]
pub(super) struct Slots<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Slots<'a> {
    pub(super) fn draw(script: &'a FirmScript, random: &mut Random) -> Self {
        Self(script.slots.iter().map(|(name, values)| (name.as_str(), random.pick(values).as_str())).collect())
    }

    pub(super) fn set(&mut self, name: &'a str, value: &'a str) {
        self.0.insert(name, value);
    }

    /// `text` with its `{slots}` filled; a value that begins a sentence gets a capital.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').expect("a slot in a seed file is closed, tested");
            filled.push_str(before);
            let value = self.0.get(name).expect("a slot in a seed file has values, tested");
            if filled.trim_end().is_empty() || filled.trim_end().ends_with(['.', '?', '!']) {
                let mut chars = value.chars();
                filled.extend(chars.next().into_iter().flat_map(char::to_uppercase));
                filled.push_str(chars.as_str());
            } else {
                filled.push_str(value);
            }
            rest = tail;
        }
        filled + rest
    }
}
