//! The checkpoint and what is parked.

use engage_domain::{Kind, Version};
use engage_index::{
    Limit, SCHEMA_VERSION,
    checkpoint::{self, Checkpoint, IsSetUp, ReadCheckpoint},
    sync_failure::{self, CountSyncFailures, SyncFailureById, SyncFailures},
};
use engage_journal::ObjectKey;

use crate::{
    db::Db,
    sample::{at, session},
};

#[test]
fn the_checkpoint_moves_forward_and_beats() {
    assert_eq!(Db::bare().all(&IsSetUp), [false]);
    let mut db = Db::new();
    assert_eq!(db.all(&IsSetUp), [true]);
    let empty = Checkpoint { seq: 0, at: None, schema_version: SCHEMA_VERSION, heartbeat: None };
    assert_eq!(db.all(&ReadCheckpoint), [empty]);
    assert_eq!(db.run(&checkpoint::beat(at(1))), 1);
    assert_eq!(db.run(&checkpoint::advance(7, at(2))), 1);
    assert_eq!(db.run(&checkpoint::advance(6, at(3))), 0);
    let moved = Checkpoint { seq: 7, at: Some(at(2)), heartbeat: Some(at(1)), ..empty };
    assert_eq!(db.all(&ReadCheckpoint), [moved]);
}

#[test]
fn an_object_is_parked_once_counted_and_resolved_by_version() {
    let mut db = Db::new();
    let object = ObjectKey { kind: Kind::Conversation, name: session(1).to_string().into() };
    db.run(&sync_failure::park(&object, Version(3), 5, &"é".repeat(2_000), at(1)));
    db.run(&sync_failure::park(&object, Version(2), 2, "full", at(2)));
    db.run(&sync_failure::park(&ObjectKey { kind: Kind::User, ..object.clone() }, Version(1), 1, "full", at(3)));
    assert_eq!(db.all(&CountSyncFailures), [2]);
    let list = |after| SyncFailures { after, limit: Limit::new(1).unwrap() };
    let (page, next) = list(0).page(db.all(&list(0)));
    let [first] = &page[..] else { panic!("one row") };
    assert_eq!(next, Some(first.id));
    assert_eq!((&first.object, first.version, first.attempts), (&object, Version(3), 7));
    assert_eq!((&*first.error, first.first_failed_at, first.last_failed_at), ("full", at(1), at(2)));
    let (last, next) = list(first.id).page(db.all(&list(first.id)));
    assert_eq!((last[0].object.kind, last.len(), next), (Kind::User, 1, None));
    assert_eq!(db.all(&SyncFailureById { id: first.id }), std::slice::from_ref(first));
    assert_eq!(db.all(&SyncFailureById { id: 99 }), []);
    assert_eq!(db.run(&sync_failure::resolve(&object, Version(2))), 0);
    assert_eq!(db.run(&sync_failure::resolve(&object, Version(3))), 1);
    assert_eq!(db.all(&CountSyncFailures), [1]);
}
