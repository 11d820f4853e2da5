//! A firm moves from one data folder to another.

use serde_json::Value;

use crate::rig::{Ended, Rig, run};

/// A command in the folder around the data.
fn run_in(rig: &Rig, args: &[&str]) -> Ended {
    run(rig.command(args).current_dir(rig.folder()))
}

fn digests(rig: &Rig, data: &str) -> (Value, Value) {
    let report = run_in(rig, &["verify", "--data", data, "--json"]).json(0);
    let firm = &report["firms"][0];
    (firm["journalDigest"].clone(), firm["indexDigest"].clone())
}

#[test]
fn a_firm_that_was_moved_is_the_same_firm_digest_for_digest() {
    let rig = Rig::new();
    let rows = "id,name,area,said\n1,Jane Roe,tax,Hello\n2,Ann Lee,family law,Help\n";
    std::fs::write(rig.folder().join("rows.csv"), rows).unwrap();
    let import = [
        "import",
        "conversations",
        "rows.csv",
        "--firm",
        "acme",
        "--data",
        "DATA",
        "--external-id",
        "id",
        "--map",
        "clientName=name",
        "practiceArea=area",
        "message=said",
    ];
    run_in(&rig, &import).expect(0);
    let before = digests(&rig, "DATA");
    run_in(&rig, &["export", "--data", "DATA", "--firm", "acme", "--out", "acme.ndjson"]).expect(0);
    // Not over a file that is there.
    run_in(&rig, &["export", "--data", "DATA", "--firm", "acme", "--out", "acme.ndjson"]).expect(1);
    let there = run_in(&rig, &["import", "journal", "acme.ndjson", "--data", "THERE", "--json"]).json(0);
    assert_eq!(there["firm"], "acme");
    assert_eq!(digests(&rig, "THERE"), before);
    // Once there, it is not brought in again.
    run_in(&rig, &["import", "journal", "acme.ndjson", "--data", "THERE"]).expect(5);
    run_in(&rig, &["import", "journal", "acme.ndjson", "--data", "ELSE", "--firm", "zenith"]).expect(2);
    run_in(&rig, &["import", "journal", "nothing.ndjson", "--data", "ELSE"]).expect(3);
}

#[test]
fn a_file_that_was_cut_short_or_changed_leaves_nothing_behind() {
    let rig = Rig::new();
    run_in(&rig, &["export", "--data", "DATA", "--firm", "acme", "--out", "acme.ndjson"]).expect(0);
    let whole = std::fs::read_to_string(rig.folder().join("acme.ndjson")).unwrap();
    let (cut, _) = whole.trim_end().rsplit_once('\n').unwrap();
    let changed = whole.replace("Acme", "Acne");
    assert_ne!(whole, changed);
    for (text, why) in [(format!("{cut}\n"), "cut short"), (changed, "is not the one that was hashed")] {
        std::fs::write(rig.folder().join("bad.ndjson"), text).unwrap();
        let refused = run_in(&rig, &["import", "journal", "bad.ndjson", "--data", "THERE"]);
        assert!(refused.err.contains(why), "{}", refused.err);
        refused.expect(1);
        let firms = std::fs::read_dir(rig.folder().join("THERE/firms")).unwrap();
        assert_eq!(firms.count(), 0);
    }
}
