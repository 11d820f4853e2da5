//! An event that an earlier version wrote is read in today's form; one that a later version wrote is not guessed at.

use engage_domain::{Actor, Aggregate, Context, Denial, Intent, Kind, Timestamp, UserId, Version, actor::Access};
use engage_journal::{Activation, Error, activation::decode_event};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::desk::{Desk, by, done, user};

/// What has nothing to say "no" to.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("never")]
enum Never {}

macro_rules! tally {
    ($(#[$doc:meta])* $name:ident, $event:ident, $field:ident, events: $schema:literal, upcast: $upcast:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        struct $name {
            version: Version,
            sum: u64,
        }

        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum $event {
            Counted { $field: u64 },
        }

        impl Aggregate for $name {
            type Command = u64;
            type Event = $event;
            type Rejection = Never;
            type Id = UserId;

            const KIND: Kind = Kind::User;
            const EVENT_SCHEMA: u32 = $schema;
            const STATE_SCHEMA: u32 = $schema;

            fn decide(&self, command: &u64, _: &Context<'_>) -> Result<Vec<$event>, Never> {
                Ok(vec![$event::Counted { $field: *command }])
            }

            fn apply(&mut self, event: &$event, version: Version) {
                let $event::Counted { $field } = event;
                self.version = version;
                self.sum += $field;
            }

            fn apply_erased(&mut self, _: &str, version: Version) {
                self.version = version;
            }

            fn permit(&self, _: &Actor, _: Intent<'_, u64>) -> Result<(), Denial> {
                Ok(())
            }

            fn creates(_: &u64) -> bool {
                true
            }

            fn access_action(_: Access) -> &'static str {
                "access_tally"
            }

            fn action(_: &$event) -> &'static str {
                "counted"
            }

            fn details(_: &$event) -> Value {
                json!({})
            }

            fn upcast(schema: u32, event: Value) -> Value {
                let upcast: fn(u32, Value) -> Value = $upcast;
                upcast(schema, event)
            }

            fn alarm(&self) -> Option<Timestamp> {
                None
            }
        }
    };
}

tally!(
    /// As the product first had it.
    Old, OldEvent, by, events: 1, upcast: |_, event| event
);
tally!(
    /// As it is now: the field has another name.
    New, NewEvent, amount, events: 2, upcast: |schema, mut event| {
        assert_eq!(schema, 1);
        let by = event["counted"]["by"].take();
        json!({ "counted": { "amount": by } })
    }
);

#[test]
fn events_of_an_older_schema_are_upcast_on_load() {
    let mut desk = Desk::new();
    for by_how_many in 1..=70 {
        done(desk.call::<Old>(&user(1), &by(Actor::SYSTEM, by_how_many)));
    }
    // The old version's snapshot is of an older state schema, so each of the 70 events is read and upcast.
    let loaded: Activation<New> = desk.load(&user(1)).unwrap();
    assert_eq!(*loaded.state, New { version: Version(70), sum: 70 * 71 / 2 });

    let answer = done(desk.call::<New>(&user(1), &by(Actor::SYSTEM, 15)));
    assert_eq!(answer.state.sum, 2500);
    assert_eq!(*desk.load::<New>(&user(1)).unwrap().state, New { version: Version(71), sum: 2500 });
    desk.verified();
}

#[test]
fn an_event_of_a_newer_schema_is_refused_as_corrupt() {
    let mut desk = Desk::new();
    done(desk.call::<New>(&user(1), &by(Actor::SYSTEM, 1)));
    let error = desk.load::<Old>(&user(1)).unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)), "{error:?}");
    assert_eq!(error.to_string(), "corrupt journal: event of schema 2, the newest known is 1");
    // Reading stops there; what the newer version wrote is sound.
    desk.verified();
}

#[test]
fn a_schema_out_of_range_and_a_payload_that_is_no_event_are_corrupt() {
    for (schema, payload) in [(-1, "{}"), (i64::MAX, "{}"), (2, "{}"), (2, "nonsense"), (1, "nonsense")] {
        let decoded = decode_event::<New>(schema, payload);
        assert!(matches!(decoded, Err(Error::Corrupt(_))), "{schema} {payload}: {decoded:?}");
    }
}
