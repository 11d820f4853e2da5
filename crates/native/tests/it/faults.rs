//! The output gate: what a batch could not make durable was not said to anyone, and what was said is durable.

use std::{path::PathBuf, process::Command as Process, sync::Arc};

use engage_app::{Fault, Runtime};
use engage_domain::{Role, User, user};
use engage_journal::{Sql, Turn};

use crate::rig::{Rig, by_system, conversation, message, person, register, said, start};

/// Where a batch can fail: at its first write, in the middle, at its very end.
const PLACES: [&str; 3] =
    ["BEFORE INSERT ON entry", "AFTER INSERT ON entry WHEN new.seq % 3 = 0", "BEFORE UPDATE ON object"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_fails_tells_nobody_yes_and_leaves_nothing() {
    let rig = Arc::new(Rig::new().await);
    rig.tell(1, start()).await;
    rig.tell_user(1, register("Ann", Role::Attorney)).await;
    let mut expected = 1;
    for place in PLACES {
        let mut watcher = rig.platform().subscribe(&rig.firm, conversation(1));
        let trigger = format!("CREATE TRIGGER full {place} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
        rig.journal().script(&trigger).unwrap();
        let before = rig.entries();
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let rig = Arc::clone(&rig);
                // On one object, so that a batch holds several of its turns.
                tokio::spawn(async move { rig.try_tell(1, message("lost")).await })
            })
            .collect();
        let mut acknowledged = 0;
        for caller in callers {
            match caller.await.unwrap() {
                Ok(Turn::Done(_)) => acknowledged += 1,
                Err(Fault::Storage(error)) => {
                    let said = said(&*error);
                    assert!(said.contains("journal.db") && said.contains("disk is full"), "{said}");
                }
                other => panic!("{other:?}"),
            }
        }
        let suspended = rig.call::<User>(person(1), by_system(user::Command::Suspend)).await;
        let stands = rig.platform().standing(&rig.firm, person(1)).await.unwrap().unwrap();
        assert_eq!(suspended.is_ok(), stands.status == user::UserStatus::Suspended, "{suspended:?}");
        acknowledged += usize::from(suspended.is_ok());
        assert_eq!(rig.entries().len(), before.len() + acknowledged);
        if acknowledged == 0 {
            let changed = engage_app::runtime::Changes::changed(&mut watcher);
            assert!(tokio::time::timeout(std::time::Duration::ZERO, changed).await.is_err(), "nothing changed");
        }
        rig.journal().script("DROP TRIGGER full").unwrap();
        expected = rig.peek_conversation(1).await.unwrap().version.0.max(expected);
        expected += 1;
        assert_eq!(rig.tell(1, message("room again")).await.state.version.0, expected);
        rig.tell_user(1, user::Command::Reinstate).await;
        rig.is_sound().await;
    }
}

/// A small disk of its own; gone when it is dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this process may not mount one.
    pub(crate) fn mount(path: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let mut mount = Process::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(&path);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: a small disk cannot be mounted here");
        }
        mounted.then_some(Self(path))
    }
}

impl SmallDisk {
    /// Mounts it again with another option, such as `ro`.
    pub(crate) fn remount(&self, option: &str) {
        let remounted = Process::new("mount").arg("-o").arg(format!("remount,{option}")).arg(&self.0).status();
        assert!(remounted.is_ok_and(|status| status.success()), "{} cannot be mounted {option}", self.0.display());
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Process::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} is still mounted", self.0.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small");
    let Some(disk) = SmallDisk::mount(path.clone(), "size=5m") else { return };
    let mut rig = Rig::at(folder, path.join("data")).await;
    rig.tell(1, start()).await;
    let letter = "x".repeat(30_000);
    let mut acknowledged = 0;
    let refused = loop {
        match rig.try_tell(1, message(&letter)).await {
            Ok(Turn::Done(answer)) => acknowledged = answer.state.message_count,
            Ok(other) => panic!("{other:?}"),
            Err(fault) => break said(&fault),
        }
    };
    assert!(acknowledged > 0 && refused.contains("journal.db"), "{refused}");
    // Small writes may still find room; whatever is said is so.
    for _ in 0..20 {
        if let Ok(Turn::Done(answer)) = rig.try_tell(1, message("short")).await {
            acknowledged = answer.state.message_count;
        }
    }
    // Room enough for the index too, however far behind it was when the journal filled the disk.
    disk.remount("size=64m");
    assert_eq!(rig.tell(1, message("room again")).await.state.message_count, acknowledged + 1);
    rig.is_sound().await;
    rig.reopen();
    assert_eq!(rig.peek_conversation(1).await.unwrap().message_count, acknowledged + 1);
    rig.is_sound().await;
    drop(rig);
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_disk_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fixed");
    let Some(disk) = SmallDisk::mount(path.clone(), "size=1m,ro") else { return };
    let error = engage_native::Platform::open(&path.join("data"), engage_native::Options::default()).err().unwrap();
    let said = said(&error);
    assert!(said.contains("fixed/data") && said.contains("Read-only"), "{said}");
    drop(disk);
}
