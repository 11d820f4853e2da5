//! The law-firm intake domain: ids, times, actors, permissions, and the aggregates with their commands, events and rules.
//!
//! Architecture invariant: nothing here reads a clock, draws randomness, performs I/O or is async. Time, fresh ids and
//! look-ups come in through [`Context`]; the same state and command always give the same events.
//!
//! A *firm* is what a runtime would call a tenant: every object belongs to exactly one, and nothing crosses between two.

pub mod actor;
pub mod aggregate;
pub mod calendar;
pub mod conversation;
pub mod firm;
pub mod id;
pub mod practice_area;
pub mod registry;
pub mod text;
pub mod time;
pub mod token;
pub mod user;

pub use actor::{Actor, Denial, Intent, Outcome, Role};
pub use aggregate::{Aggregate, Context, Kind, Version};
pub use conversation::Conversation;
pub use firm::Firm;
pub use id::{ConflictId, ConversationId, EntryId, FirmId, PartyId, UserId};
pub use practice_area::PracticeArea;
pub use text::Invalid;
pub use time::Timestamp;
pub use user::User;
