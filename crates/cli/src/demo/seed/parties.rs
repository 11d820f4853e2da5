//! Whom the firms know: everybody who came to them, and who stands on the other side of the latest conversations. Some of those are
//! people who came to the firm before, their names written another way: conflicts of interest, some of which the firm has looked at.

use engage_app::registry::ConflictChange;
use engage_domain::{
    Actor, ConflictId, ConversationId, Role,
    registry::{Artefact, Identifier, IdentifierSort, Party, PartyKind, PartyRole, Resolution, Verdict},
};

use super::{
    SeedConversation, SeedFirm,
    random::{Random, mix},
    script::Phrases,
};

/// The latest conversations. Parties are named in those of them that came as far as the conflict check; the clients of all before are what
/// the firm knew.
const LATEST: usize = 60;
/// In how many of a hundred of them the other side came to the firm before.
const ADVERSE: usize = 20;
/// What the other side is called, behind a surname.
const COMPANIES: [&str; 6] = [
    "Property Management LLC",
    "Holdings Inc",
    "Logistics Corp",
    "& Sons Construction",
    "Insurance Company",
    "Medical Group",
];

/// A client, as a conversation tells of them.
#[derive(Debug)]
pub struct Told {
    conversation: ConversationId,
    name: String,
    email: Option<String>,
    is_checked: bool,
}

impl Told {
    /// What a conversation tells of its client; none where it tells no name.
    pub fn of(conversation: &SeedConversation) -> Option<Self> {
        let name = conversation.client_name()?;
        let email = conversation.client.as_ref().map(|client| client.email.clone());
        Some(Self { conversation: conversation.id, name, email, is_checked: conversation.is_checked() })
    }

    fn client(&self) -> Party {
        let identifier = |mail: &String| Identifier { sort: IdentifierSort::Email, value: mail.as_str().into() };
        Party {
            kind: PartyKind::Person,
            identifiers: self.email.iter().map(identifier).collect(),
            ..Party::named(PartyRole::Client, &self.name)
        }
    }
}

impl SeedFirm {
    /// The parties, in the order in which the firm comes to know them. `told` is in the order in which the conversations began.
    pub fn parties(&self, told: &[Told]) -> Vec<Party> {
        let (before, latest) = told.split_at(told.len().saturating_sub(LATEST));
        let mut parties: Vec<_> = before
            .iter()
            .map(|told| Party { external_id: Some(told.conversation.to_string().as_str().into()), ..told.client() })
            .collect();
        for told in latest.iter().filter(|told| told.is_checked) {
            let mut random = Random::new(mix(self.seed, &format!("parties of {}", told.conversation)));
            let opposing = if random.chance(ADVERSE) && !before.is_empty() {
                let known = &random.pick(before).name;
                self.phrases.written_otherwise(known, &mut random)
            } else if random.chance(50) {
                format!("{} {}", random.text(&self.phrases.last_names), random.pick(&COMPANIES))
            } else {
                format!("{} {}", random.text(&self.phrases.first_names), random.text(&self.phrases.last_names))
            };
            let conversation = Some(told.conversation);
            parties.push(Party { conversation, ..told.client() });
            parties.push(Party { conversation, ..Party::named(PartyRole::OpposingParty, &opposing) });
        }
        parties
    }

    /// Who has looked at a conflict that was found, and what they made of it; none where nobody has. `likelihood` is that of its match.
    pub fn looked_at(&self, conflict: ConflictId, likelihood: f64) -> Option<(Actor, ConflictChange)> {
        let mut random = Random::new(mix(self.seed, &conflict.to_string()));
        let attorneys: Vec<_> = self.staff.iter().filter(|person| person.role == Role::Attorney).collect();
        let by = random.pick(&attorneys);
        let resolve = |resolution, reason: &str, artefact| {
            ConflictChange::Resolve(Box::new(Verdict { resolution, reason: reason.into(), artefact, declined: None }))
        };
        let phrases = &self.phrases;
        let change = match random.below(100) {
            0..30 => return None,
            30..50 => ConflictChange::Review { notes: Some(random.text(&phrases.looking_into).into()) },
            roll if roll < 65 || likelihood < 0.5 => {
                resolve(Resolution::NoConflict, random.text(&phrases.somebody_else), None)
            }
            65..75 => {
                let reference = format!("DMS-{}", random.between(10_000, 99_999)).as_str().into();
                let consent = Artefact { name: "Informed consent of both clients".into(), reference, sha256: None };
                resolve(Resolution::ClientConsented, random.text(&phrases.consented), Some(consent))
            }
            _ => resolve(Resolution::CannotRepresent, random.text(&phrases.opposed), None),
        };
        Some((Actor::user(by.id, by.role), change))
    }
}

impl Phrases {
    /// A person's name as somebody else would write it.
    fn written_otherwise(&self, name: &str, random: &mut Random) -> String {
        let Some((first, last)) = name.rsplit_once(' ') else { return name.to_owned() };
        match (self.short_names.get(first), self.misspellings.get(last)) {
            (Some(short), _) if random.chance(70) => format!("{short} {last}"),
            (_, Some(misspelt)) if random.chance(70) => format!("{first} {misspelt}"),
            _ => format!("{last}, {first}"),
        }
    }
}
