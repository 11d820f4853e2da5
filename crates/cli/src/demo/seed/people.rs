//! Clients: drawn from two lists of names, everything else following from the name, so that one who comes back is the same.

use engage_domain::{Role, UserId, conversation::Identity};

use super::{
    SeedFirm, SeedUser,
    random::{Random, mix},
};

/// A client as the firm comes to know them.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) first: String,
    pub(super) user: SeedUser,
    pub(super) phone: String,
    pub(super) address: String,
}

impl Client {
    pub(super) fn draw(firm: &SeedFirm, random: &mut Random) -> Self {
        let phrases = &firm.phrases;
        let (first, last) = (random.pick(&phrases.first_names), random.pick(&phrases.last_names));
        let plain = |name: &str| name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        let email = format!("{}.{}@mail.example", plain(first), plain(last));
        let mut own = Random::new(mix(firm.seed, &email));
        let city = firm.script.slots.get("city").map_or("Springfield", |cities| own.text(cities));
        let phone = format!("({}) 555-01{:02}", firm.script.area_code, own.below(100));
        let address = format!("{} {}, {city}", own.between(3, 480), own.pick(&phrases.streets));
        let name = format!("{first} {last}");
        let user = SeedUser { id: UserId::from_email(&firm.id, &email), email, name, role: Role::Client };
        Self { first: first.clone(), user, phone, address }
    }

    /// What a client says of themselves at first.
    pub(super) fn introduction(&self, legal_area: Option<&str>) -> Identity {
        let name = Some(self.user.name.as_str().into());
        Identity { name, legal_area: legal_area.map(Into::into), ..Identity::default() }
    }

    /// What a client adds when they sign in.
    pub(super) fn contact(&self) -> Identity {
        let (email, phone) = (self.user.email.as_str(), self.phone.as_str());
        Identity { email: Some(email.into()), phone: Some(phone.into()), ..Identity::default() }
    }
}
