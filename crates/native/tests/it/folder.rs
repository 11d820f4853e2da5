//! Whose folder it is, and what is said of one that cannot be used.

use engage_native::{FolderError, Options, Platform};

use crate::rig::{Rig, firm, said, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_platform_on_one_folder_is_refused_by_name() {
    let mut rig = Rig::new().await;
    let error = Platform::open(rig.path(), Options::default()).err().unwrap();
    assert!(matches!(&error, FolderError::Locked { path, .. } if path == rig.path()), "{error:?}");
    let said = said(&error);
    assert!(said.contains(&rig.path().display().to_string()), "{said}");
    assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    // It did no harm.
    rig.tell(1, start()).await;
    rig.close();
    drop(Platform::open(rig.path(), rig.options.clone()).unwrap());
    rig.open();
    rig.is_sound().await;
}

#[test]
fn a_lock_file_that_was_left_behind_means_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("engage.lock"), "4194304").unwrap();
    drop(Platform::open(folder.path(), Options::default()).unwrap());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a-file");
    std::fs::write(&path, "").unwrap();
    let error = Platform::open(&path, Options::default()).err().unwrap();
    assert!(said(&error).contains("a-file"), "{}", said(&error));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_that_are_no_firms_are_left_alone() {
    let mut rig = Rig::new().await;
    rig.close();
    let firms = rig.path().join("firms");
    std::fs::create_dir(firms.join("Not A Slug")).unwrap();
    std::fs::create_dir(firms.join("empty")).unwrap();
    std::fs::write(firms.join("note.txt"), "").unwrap();
    rig.open();
    assert_eq!(rig.platform().firms().unwrap(), [firm("acme")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_founding_that_a_crash_cut_short_can_be_finished() {
    let rig = Rig::new().await;
    let folder = rig.path().join("firms/half");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("journal.db"), "").unwrap();
    let unknown = engage_app::Runtime::firm(rig.platform(), &firm("half")).await;
    assert!(matches!(unknown, Err(engage_app::Fault::UnknownFirm)), "{unknown:?}");
    // Nothing is wrong with it either, once its index is there.
    crate::rig::eventually("an index", || async {
        engage_native::verify::check(&firm("half"), &folder).ok().filter(engage_native::verify::Report::is_clean)
    })
    .await;
    rig.found("half").await;
    assert!(rig.platform().catch_up(&firm("half"), crate::rig::PATIENCE).await.unwrap());
}
