//! A conflict of interest between two parties, from its detection to its resolution.

use serde::{Deserialize, Serialize};

use super::{ConflictType, Evidence, MatchType, PartyRole, words};
use crate::{
    firm::{Event, Rejection},
    id::{ConflictId, ConversationId, PartyId, UserId},
    text::{self, Invalid, Private},
    time::Timestamp,
};

/// Longest reason of a resolution in bytes.
pub const REASON_MAX: usize = 4_000;
/// Longest note of a review in bytes.
pub const NOTES_MAX: usize = 4_000;
/// Longest name or reference of an artefact in bytes.
pub const ARTEFACT_MAX: usize = 2_000;

/// How far a conflict has come; the index's `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConflictState {
    /// It was found; nobody has looked at it.
    #[default]
    Detected,
    /// Somebody looks at it.
    Reviewing,
    /// It is none, or the clients agreed.
    Cleared,
    /// It is one, and the firm does not represent.
    Confirmed,
}

words!(ConflictState { Detected = "detected", Reviewing = "reviewing", Cleared = "cleared", Confirmed = "confirmed" });

impl ConflictState {
    /// Whether it waits for a resolution.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Detected | Self::Reviewing)
    }
}

/// How a conflict was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The firm goes on under a waiver.
    Waived,
    /// The clients gave informed consent, confirmed in writing.
    ClientConsented,
    /// The two are not the same, or not adverse.
    NoConflict,
    /// The firm declines.
    CannotRepresent,
}

words!(Resolution {
    Waived = "waived",
    ClientConsented = "client_consented",
    NoConflict = "no_conflict",
    CannotRepresent = "cannot_represent",
});

impl Resolution {
    /// To which state it leads.
    pub const fn state(self) -> ConflictState {
        match self {
            Self::Waived | Self::ClientConsented | Self::NoConflict => ConflictState::Cleared,
            Self::CannotRepresent => ConflictState::Confirmed,
        }
    }
}

/// The document that proves a consent or a waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artefact {
    /// What it is called.
    pub name: Private,
    /// Where it is kept: a document number or an address.
    pub reference: Private,
    /// SHA-256 of the document, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Box<str>>,
}

/// A resolution as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which.
    pub resolution: Resolution,
    /// Why.
    pub reason: Private,
    /// What proves it.
    pub artefact: Option<Artefact>,
    /// The conversation that the firm declines; none: that of the party that came later.
    pub declined: Option<ConversationId>,
}

/// A resolution as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    /// Which.
    pub resolution: Resolution,
    /// Why.
    pub reason: Private,
    /// What proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artefact: Option<Artefact>,
    /// The conversation that the firm declines, with [`Resolution::CannotRepresent`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<ConversationId>,
    /// Who said so; none: the platform itself.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// What was found about a pair of parties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detection {
    /// When.
    pub at: Timestamp,
    /// How they were matched.
    pub match_type: MatchType,
    /// How likely they are the same, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Evidence,
    /// The version of the rules and weights that compared them.
    pub rules: u32,
}

/// A conflict of interest. Two parties have at most one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// Its id, which follows from the two parties.
    pub id: ConflictId,
    /// What it is with: the one who was known earlier.
    pub conflict_type: ConflictType,
    /// The party that came later.
    pub party: PartyId,
    /// Its role.
    pub role: PartyRole,
    /// Its name.
    pub name: Private,
    /// Its conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The party that was known.
    pub other: PartyId,
    /// Its role.
    pub other_role: PartyRole,
    /// The name of it that matched.
    pub other_name: Private,
    /// Its conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_conversation: Option<ConversationId>,
    /// What was found first, or what reopened it.
    pub detection: Detection,
    /// How far it has come.
    #[serde(default)]
    pub state: ConflictState,
    /// Who reviews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<UserId>,
    /// What the reviewer noted, or why it was reopened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Private>,
    /// How it was resolved; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
    /// How often it was opened again.
    #[serde(default)]
    pub reopened: u32,
}

impl Conflict {
    /// The conversations that it concerns.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> {
        let second = self.other_conversation.filter(|other| Some(*other) != self.conversation);
        self.conversation.into_iter().chain(second)
    }

    /// Whether it stands in the way of a conversation: it is open, or the firm declined that one.
    pub fn stands_for(&self, conversation: ConversationId) -> bool {
        let declined = self.resolved.as_ref().and_then(|resolved| resolved.declined);
        self.conversations().any(|one| one == conversation) && (self.state.is_open() || declined == Some(conversation))
    }

    /// Takes in an event of its own.
    pub fn take_in(&mut self, event: &Event) {
        match event {
            Event::ConflictReviewed { by, notes, .. } => {
                self.state = ConflictState::Reviewing;
                self.reviewer = *by;
                self.notes.clone_from(notes);
            }
            Event::ConflictResolved { resolved, .. } => {
                self.state = resolved.resolution.state();
                self.resolved = Some((**resolved).clone());
            }
            Event::ConflictReopened { reason, detection, .. } => {
                self.state = ConflictState::Detected;
                self.resolved = None;
                self.reviewer = None;
                self.notes.clone_from(reason);
                self.reopened += 1;
                if let Some(detection) = detection {
                    self.detection = (**detection).clone();
                }
            }
            _ => {}
        }
    }
}

fn wrong(field: &'static str) -> impl FnOnce(Invalid) -> Rejection {
    move |reason| Rejection::Invalid { field, reason }
}

impl Verdict {
    /// The verdict in one form, on a conflict, or what is wrong with it.
    pub(crate) fn checked(
        &self,
        conflict: &Conflict,
        by: Option<UserId>,
        at: Timestamp,
    ) -> Result<Resolved, Rejection> {
        let reason = text::prose(self.reason.as_str(), REASON_MAX).map_err(wrong("reason"))?;
        let artefact = self.artefact.as_ref().map(Artefact::checked).transpose()?;
        if self.resolution == Resolution::ClientConsented && artefact.is_none() {
            return Err(wrong("artefact")(Invalid::new("must name the client's written consent")));
        }
        let declined = match (self.resolution, self.declined) {
            (Resolution::CannotRepresent, None) => conflict.conversations().next(),
            (Resolution::CannotRepresent, Some(named)) if conflict.conversations().any(|one| one == named) => {
                Some(named)
            }
            (_, None) => None,
            (Resolution::CannotRepresent, Some(_)) => {
                return Err(wrong("declinedConversationId")(Invalid::new(
                    "must be one of the two conversations of the conflict",
                )));
            }
            (_, Some(_)) => {
                return Err(wrong("declinedConversationId")(Invalid::new(
                    "goes only with the resolution cannot_represent",
                )));
            }
        };
        Ok(Resolved { resolution: self.resolution, reason: reason.into(), artefact, declined, by, at })
    }
}

impl Artefact {
    fn checked(&self) -> Result<Self, Rejection> {
        let line =
            |field, text: &Private| text::line(text.as_str(), ARTEFACT_MAX).map(Private::from).map_err(wrong(field));
        let sha256 = self.sha256.as_deref().map(|digits| {
            let well_formed = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let told = || wrong("artefact.sha256")(Invalid::new("must be 64 hexadecimal digits"));
            if well_formed { Ok(digits.to_ascii_lowercase().into()) } else { Err(told()) }
        });
        Ok(Self {
            name: line("artefact.name", &self.name)?,
            reference: line("artefact.reference", &self.reference)?,
            sha256: sha256.transpose()?,
        })
    }
}
