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

#[test]
fn a_firm_moves_between_running_servers() {
    let (here, there) = (Rig::new(), Rig::empty());
    let rows = "id,name,said\n1,Jane Roe,Hello\n2,Ann Lee,Help\n";
    std::fs::write(here.folder().join("rows.csv"), rows).unwrap();
    let map = ["--external-id", "id", "--map", "clientName=name", "message=said"];
    let import = ["import", "conversations", "rows.csv", "--firm", "acme", "--data", "DATA"];
    run_in(&here, &[&import[..], &map].concat()).expect(0);
    let (from, to) = (here.serve(), there.serve());
    let verify = |server: &crate::rig::Server| {
        run_in(&here, &["verify", "--url", &server.url, "--firm", "acme", "--json"]).json(0)["firms"][0].clone()
    };
    run_in(&here, &["export", "--url", &from.url, "--firm", "acme", "--out", "acme.ndjson"]).expect(0);
    let left = verify(&from);
    let bring = ["import", "journal", "acme.ndjson", "--url", &to.url];
    let whole = std::fs::read_to_string(here.folder().join("acme.ndjson")).unwrap();
    let (cut, _) = whole.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(here.folder().join("cut.ndjson"), format!("{cut}\n")).unwrap();
    let short = run_in(&here, &["import", "journal", "cut.ndjson", "--url", &to.url]);
    assert!(short.err.contains("its end is missing"), "{}", short.err);
    short.expect(1);
    run_in(&here, &["verify", "--url", &to.url, "--firm", "acme"]).expect(3);
    // It goes on from there; or is taken away and begun again.
    run_in(&here, &["import", "journal", "--url", &to.url, "--firm", "acme", "--abandon"]).expect(0);
    run_in(&here, &bring).expect(0);
    assert_eq!(verify(&to), left);
    run_in(&here, &bring).expect(5);
    run_in(&here, &["import", "journal", "--url", &to.url, "--firm", "acme", "--abandon"]).expect(5);
    // No temporary file is left of what is confidential.
    let names = std::fs::read_dir(here.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with(".engage-export")).collect();
    assert!(names.is_empty(), "{names:?}");
    to.stop();
    from.stop();
    there.is_sound();
    here.is_sound();
}
