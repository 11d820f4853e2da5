//! Pairs of conversations whose parties are adverse, with names that belong to one pair alone.

use std::collections::BTreeSet;

use engage_domain::{
    ConversationId, FirmId, PartyId,
    registry::{Party, PartyRole, Related, Relation, Side},
};

/// A lot that is drawn the same way each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) const fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

fn word(dice: &mut Dice) -> String {
    let of = |letters: &[u8], dice: &mut Dice| char::from(letters[dice.below(letters.len() as u64) as usize]);
    let mut word = String::new();
    for place in 0..4 {
        let consonant = of(b"bdfgklmnprstvz", dice);
        word.push(if place == 0 { consonant.to_ascii_uppercase() } else { consonant });
        word.push(of(b"aeiou", dice));
    }
    word
}

/// The `number`th name: three words of its own, so unlike those of any other that nobody takes the two for one.
fn name(number: u64) -> String {
    let mut dice = Dice::new(number ^ 0xA5A5_5A5A);
    [word(&mut dice), word(&mut dice), word(&mut dice)].join(" ")
}

/// The same name as somebody else would write it.
fn respelt(name: &str, dice: &mut Dice) -> String {
    let (first, last) = name.split_once(' ').expect("a name has three words");
    match dice.below(6) {
        0 => format!("{last} {first}"),
        1 => name.to_uppercase(),
        2 => format!("Dr. {name}"),
        3 => name.replace('a', "á"),
        4 => format!("{}  {last}", first.to_lowercase()),
        _ => format!("{first} {last}{}", &last[last.len() - 1..]),
    }
}

/// A party that is to be named, and what the model is to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) id: PartyId,
    pub(crate) party: Party,
    pub(crate) side: Side,
    /// The numbers of its names.
    pub(crate) keys: BTreeSet<u64>,
}

impl Planned {
    fn new(firm: &FirmId, conversation: ConversationId, role: PartyRole, name: &str, key: u64) -> Self {
        let id = PartyId::of(firm, Some(conversation), role.as_str(), name);
        let party = Party { conversation: Some(conversation), ..Party::named(role, name) };
        Self { id, party, side: Side::of(role, None), keys: BTreeSet::from([key]) }
    }

    /// It belongs to another one.
    fn of(mut self, other: &Self) -> Self {
        self.party.related = Some(Related { to: other.id, relation: Relation::Parent });
        self.side = other.side;
        self
    }

    /// The same party, of which another name became known.
    fn also(mut self, alias: &str, key: u64) -> Self {
        self.party.aliases.push(alias.into());
        self.keys.insert(key);
        self
    }
}

/// A conversation of a pair and whom it names, in order. The last of them is adverse to the last of the other half.
#[derive(Clone, Debug)]
pub(crate) struct Half {
    pub(crate) conversation: ConversationId,
    pub(crate) named: Vec<Planned>,
}

impl Half {
    pub(crate) fn adverse(&self) -> &Planned {
        self.named.last().expect("each half names somebody")
    }
}

/// A pair in `conversations`. `number` gives it names of its own.
pub(crate) fn pair(firm: &FirmId, number: u64, conversations: [ConversationId; 2], dice: &mut Dice) -> [Half; 2] {
    use PartyRole::{Client, Matter, OpposingParty, RelatedEntity};
    let [first, second] = conversations;
    let key = 3 * number;
    let shared = name(key);
    let other = if dice.one_in(4) { shared.clone() } else { respelt(&shared, dice) };
    let planned = |conversation, role, name: &str, key| Planned::new(firm, conversation, role, name, key);
    let client = planned(first, Client, &name(key + 1), key + 1);
    let opposing = planned(second, OpposingParty, &other, key);
    let (ours, theirs) = match dice.below(8) {
        // An entity that belongs to the client.
        0 => (vec![client.clone(), planned(first, RelatedEntity, &shared, key).of(&client)], vec![opposing]),
        // A client who turns out to have another name.
        1 => (vec![client.clone(), client.also(&shared, key)], vec![opposing]),
        // An entity of which nobody said whose it is.
        2 => (vec![planned(first, RelatedEntity, &shared, key)], vec![planned(second, Client, &other, key)]),
        // The opposing party's owner.
        3 => {
            let opposing = planned(second, OpposingParty, &name(key + 2), key + 2);
            let owner = planned(second, RelatedEntity, &other, key).of(&opposing);
            (vec![client, planned(first, Client, &shared, key)], vec![opposing, owner])
        }
        // Both sides of one matter.
        4 => (vec![planned(first, Matter, &shared, key)], vec![planned(second, Matter, &shared.to_uppercase(), key)]),
        // Somebody who is on either side and has more names than one.
        5 => {
            let opposing = planned(second, OpposingParty, &name(key + 2), key + 2);
            (vec![planned(first, Client, &shared, key)], vec![opposing.clone(), opposing.also(&other, key)])
        }
        _ => (vec![planned(first, Client, &shared, key)], vec![opposing]),
    };
    let halves = [Half { conversation: first, named: ours }, Half { conversation: second, named: theirs }];
    if dice.one_in(2) {
        return halves;
    }
    let [one, two] = halves;
    [two, one]
}
