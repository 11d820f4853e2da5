//! Whom the firms know: everybody who came to them, and who stands on the other side of the latest conversations. Some of those are
//! people who came to the firm before, their names written another way: conflicts of interest to look at.

use engage_domain::{
    ConversationId,
    registry::{Identifier, IdentifierSort, Party, PartyKind, PartyRole},
};

use super::{
    SeedConversation, SeedFirm,
    random::{Random, mix},
};

/// Conversations, the latest ones, whose parties are named in them. The clients of those before are what the firm knew.
const NAMED: usize = 40;
/// In how many of a hundred of them the other side came to the firm before.
const ADVERSE: usize = 15;
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
}

impl Told {
    /// What a conversation tells of its client; none where it tells no name.
    pub fn of(conversation: &SeedConversation) -> Option<Self> {
        let name = conversation.client_name()?;
        let email = conversation.client.as_ref().map(|client| client.email.clone());
        Some(Self { conversation: conversation.id, name, email })
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
        let (before, latest) = told.split_at(told.len().saturating_sub(NAMED));
        let mut parties: Vec<_> = before
            .iter()
            .map(|told| Party { external_id: Some(told.conversation.to_string().as_str().into()), ..told.client() })
            .collect();
        for told in latest {
            let mut random = Random::new(mix(self.seed, &format!("parties of {}", told.conversation)));
            let opposing = if random.chance(ADVERSE) && !before.is_empty() {
                surname_first(&random.pick(before).name)
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
}

fn surname_first(name: &str) -> String {
    name.rsplit_once(' ').map_or_else(|| name.to_owned(), |(first, last)| format!("{last}, {first}"))
}
