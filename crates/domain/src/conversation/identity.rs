//! What a client tells of themselves.

use serde::{Deserialize, Serialize};

use super::Rejection;
use crate::text::{self, Private};

/// Longest name in bytes.
pub const NAME_MAX: usize = 200;
/// Longest phone number in bytes: E.164 has 15 digits, people add spaces, signs and extensions.
pub const PHONE_MAX: usize = 40;
/// Longest legal area in bytes.
pub const LEGAL_AREA_MAX: usize = 200;
/// Longest description of a situation in bytes.
pub const SITUATION_MAX: usize = 8192;
/// Longest address in bytes.
pub const ADDRESS_MAX: usize = 500;

/// A client's particulars. As a change: a field that is `None` stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Private>,
    /// E-mail address, lower case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<Private>,
    /// Phone number, as given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<Private>,
    /// The area of law, in the client's or the firm's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub legal_area: Option<Private>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub situation: Option<Private>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<Private>,
}

impl Identity {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks and normalises each field that is present.
    pub(super) fn checked(&self) -> Result<Self, Rejection> {
        fn check<'a>(
            field: &'static str,
            value: Option<&'a Private>,
            check: impl Fn(&'a str) -> Result<String, text::Invalid>,
        ) -> Result<Option<Private>, Rejection> {
            let checked = value.map(|text| check(text.as_str())).transpose();
            checked.map(|text| text.map(Private::new)).map_err(|reason| Rejection::Invalid { field, reason })
        }
        let line = |max| move |text| text::line(text, max).map(str::to_owned);
        let prose = |max| move |text| text::prose(text, max).map(str::to_owned);
        Ok(Self {
            name: check("clientName", self.name.as_ref(), line(NAME_MAX))?,
            email: check("clientEmail", self.email.as_ref(), text::email)?,
            phone: check("clientPhone", self.phone.as_ref(), line(PHONE_MAX))?,
            legal_area: check("legalArea", self.legal_area.as_ref(), line(LEGAL_AREA_MAX))?,
            situation: check("situation", self.situation.as_ref(), prose(SITUATION_MAX))?,
            address: check("address", self.address.as_ref(), prose(ADDRESS_MAX))?,
        })
    }

    /// This identity with every field that `change` holds.
    pub fn with(&self, change: &Self) -> Self {
        let pick = |new: &Option<Private>, old: &Option<Private>| new.clone().or_else(|| old.clone());
        Self {
            name: pick(&change.name, &self.name),
            email: pick(&change.email, &self.email),
            phone: pick(&change.phone, &self.phone),
            legal_area: pick(&change.legal_area, &self.legal_area),
            situation: pick(&change.situation, &self.situation),
            address: pick(&change.address, &self.address),
        }
    }

    /// How many of name, e-mail, phone and legal area are known, 0 to 4; they count towards the quality score.
    pub fn completeness(&self) -> u32 {
        [&self.name, &self.email, &self.phone, &self.legal_area]
            .into_iter()
            .map(|field| u32::from(field.is_some()))
            .sum()
    }

    /// The names of the fields present, for the audit trail, which holds no client data.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        [
            ("clientName", &self.name),
            ("clientEmail", &self.email),
            ("clientPhone", &self.phone),
            ("legalArea", &self.legal_area),
            ("situation", &self.situation),
            ("address", &self.address),
        ]
        .into_iter()
        .filter_map(|(field, value)| value.is_some().then_some(field))
        .collect()
    }
}
