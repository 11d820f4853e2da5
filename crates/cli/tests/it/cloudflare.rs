//! Firms of a deployment on Cloudflare. Nobody is signed in there, so a program stands in for Wrangler that answers in its forms and keeps
//! what it was told in files; that the scripts it is given make an index is held to by the tests of the index.

use std::{os::unix::fs::PermissionsExt, path::PathBuf};

use engage_index::SCHEMA_VERSION;
use serde_json::{Value, json};

use crate::rig::{Ended, engage, run};

/// `d1 list`, `d1 create` and `d1 execute`. `cut` holds a database after whose making whoever asked is killed; `fails` one that takes no
/// script.
const WRANGLER: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> asked
name=$3
fail() { printf '\n{ "error": { "text": "%s" } }\n' "$1"; exit 1; }
case "$1 $2" in
"d1 list")
  sep='['
  for made in made/*; do
    [ -e "$made" ] || continue
    name=$(basename "$made")
    printf '%s{"uuid":"id-%s","name":"%s","version":"production"}' "$sep" "$name" "$name"
    sep=,
  done
  [ "$sep" = , ] || printf '['
  printf ']\n' ;;
"d1 create")
  echo "$*" > "made/$name"
  echo "Successfully created DB '$name'"
  if [ "$name" = "$(cat cut)" ]; then kill -9 $PPID; fi ;;
"d1 execute")
  [ -e "made/$name" ] || fail "Couldn't find DB with name '$name'"
  while [ $# -gt 1 ]; do
    case "$1" in
    --command)
      if [ -e "version/$name" ]; then
        printf '[{"results":[{"name":"checkpoint","isVirtual":0}],"success":true},'
        printf '{"results":[{"schemaVersion":%s}],"success":true}]\n' "$(cat "version/$name")"
      else
        case "$2" in *"FROM checkpoint"*) fail "no such table: checkpoint: SQLITE_ERROR" ;; esac
        printf '[{"results":[%s],"success":true}]\n' "$(cat "held/$name" 2>/dev/null)"
      fi ;;
    --file)
      [ "$name" != "$(cat fails)" ] || fail "D1 is overloaded."
      cp "$2" "script/$name"
      sed -n 's/^INSERT INTO checkpoint .*(1, 0, \([0-9]*\));$/\1/p' "$2" > "version/$name"
      printf '[{"results":[],"success":true}]\n' ;;
    esac
    shift
  done ;;
*) fail "unknown" ;;
esac
"#;

struct Fleet(tempfile::TempDir);

impl Fleet {
    fn new(config: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["made", "version", "held", "script"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let fleet = Self(folder);
        for name in ["cut", "fails", "asked"] {
            fleet.put(name, "");
        }
        fleet.put("wrangler.jsonc", &config.to_string());
        fleet.put("wrangler", WRANGLER);
        std::fs::set_permissions(fleet.path("wrangler"), std::fs::Permissions::from_mode(0o755)).unwrap();
        fleet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn config(&self) -> Value {
        serde_json::from_str(&self.text("wrangler.jsonc")).unwrap()
    }

    fn run(&self, args: &[&str]) -> Ended {
        let wrangler = self.path("wrangler");
        run(engage(&["cloudflare"]).args(args).current_dir(self.0.path()).env("ENGAGE_WRANGLER", wrangler))
    }

    /// The firms of an answer in JSON.
    fn firms(&self, args: &[&str], code: i32) -> Vec<Value> {
        self.run(&[args, &["--json"]].concat()).json(code)["firms"].as_array().unwrap().clone()
    }
}

#[test]
fn a_new_firm_gets_a_database_a_binding_and_tables_and_then_there_is_nothing_to_do() {
    let fleet = Fleet::new(&json!({ "name": "engage" }));
    let none = fleet.run(&["plan"]).expect(0);
    assert!(none.contains("There is no firm"), "{none}");
    let add = ["--firm", "acme-llp", "--firm", "zenith", "--jurisdiction", "eu"];
    let plan = fleet.firms(&[&["plan"], &add[..]].concat(), 6);
    assert_eq!(plan[0]["steps"], json!(["place", "create", "bind", "migrate"]));
    assert_eq!(fleet.config(), json!({ "name": "engage" }), "a plan changes nothing");
    let said = fleet.run(&[&["apply"], &add[..]].concat()).expect(0);
    assert!(said.contains("wrangler deploy --config wrangler.jsonc"), "{said}");
    let config = fleet.config();
    assert_eq!(config["vars"]["ENGAGE_FIRMS"], "acme-llp,zenith");
    assert_eq!(config["vars"]["ENGAGE_PLACEMENT"]["zenith"], json!({ "jurisdiction": "eu" }));
    let bound =
        json!({ "binding": "FIRM_ACME_LLP", "database_name": "engage-acme-llp", "database_id": "id-engage-acme-llp" });
    assert_eq!(config["d1_databases"][0], bound);
    assert!(fleet.text("made/engage-zenith").contains("--jurisdiction eu"));
    assert_eq!(fleet.text("version/engage-zenith").trim(), SCHEMA_VERSION.to_string());
    for firm in fleet.firms(&["plan"], 0) {
        assert_eq!((&firm["steps"], &firm["version"]), (&json!([]), &json!(SCHEMA_VERSION)));
    }
    let before = fleet.text("asked").matches("--file").count();
    fleet.run(&["apply"]).expect(0);
    assert_eq!(fleet.text("asked").matches("--file").count(), before, "nothing is done again");
}

#[test]
fn a_firm_that_fails_stops_no_other_and_the_next_run_goes_on() {
    let fleet = Fleet::new(&json!({ "name": "engage" }));
    fleet.put("fails", "engage-b");
    let add = ["apply", "--firm", "a", "--firm", "b", "--firm", "c"];
    let ended = fleet.run(&add);
    assert!(ended.err.contains("b: wrangler d1 execute failed: D1 is overloaded."), "{}", ended.err);
    ended.expect(1);
    let steps = |firms: Vec<Value>| firms.into_iter().map(|firm| firm["steps"].clone()).collect::<Vec<_>>();
    assert_eq!(steps(fleet.firms(&["plan"], 6)), [json!([]), json!(["migrate"]), json!([])]);
    fleet.put("fails", "");
    fleet.run(&["apply"]).expect(0);
    assert_eq!(steps(fleet.firms(&["plan"], 0)), [json!([]), json!([]), json!([])]);
}

#[test]
fn a_run_that_was_killed_is_gone_on_with_and_makes_nothing_twice() {
    let fleet = Fleet::new(&json!({ "name": "engage" }));
    fleet.put("cut", "engage-a");
    let add = ["apply", "--firm", "a", "--firm", "b", "--jurisdiction", "eu"];
    assert_eq!(fleet.run(&add).code, None, "it was killed");
    assert!(fleet.config()["d1_databases"].is_null());
    fleet.put("cut", "");
    fleet.run(&add).expect(0);
    assert_eq!(fleet.text("asked").matches("d1 create engage-a").count(), 1);
    assert_eq!(fleet.config()["d1_databases"][0]["database_id"], "id-engage-a");
}

#[test]
fn indexes_of_other_versions_are_made_anew_and_newer_ones_and_strange_ones_left_alone() {
    let bound = |firm: &str| {
        let database = format!("engage-{firm}");
        json!({ "binding": format!("FIRM_{}", firm.to_uppercase()), "database_name": database, "database_id": format!("id-{database}") })
    };
    let databases = ["gone", "new", "old", "strange"].map(bound);
    let fleet = Fleet::new(
        &json!({ "name": "engage", "vars": { "ENGAGE_FIRMS": "gone,new,old,strange" }, "d1_databases": databases }),
    );
    for firm in ["new", "old", "strange"] {
        fleet.put(&format!("made/engage-{firm}"), "");
    }
    fleet.put("version/engage-old", "3");
    fleet.put("version/engage-new", "99");
    fleet.put("held/engage-strange", r#"{"name":"orders","isVirtual":0}"#);
    let ended = fleet.run(&["apply"]);
    for why in [
        "gone: its database",
        "new: its index has version 99",
        "strange: its database engage-strange holds a table orders",
    ] {
        assert!(ended.err.contains(why), "{why}: {}", ended.err);
    }
    assert!(ended.expect(1).contains(&format!("3 -> {SCHEMA_VERSION}")));
    assert!(fleet.text("script/engage-old").starts_with("DROP TABLE IF EXISTS \"checkpoint\";"));
    assert!(!fleet.path("script/engage-new").exists() && !fleet.path("script/engage-strange").exists());
}

#[test]
fn a_jurisdiction_stays_and_what_is_wrong_is_named() {
    let fleet = Fleet::new(&json!({ "name": "engage" }));
    fleet.run(&["apply", "--firm", "acme", "--location", "weur"]).expect(0);
    assert!(fleet.text("made/engage-acme").contains("--location weur"));
    let ended = fleet.run(&["apply", "--firm", "acme", "--jurisdiction", "eu"]);
    assert!(ended.err.contains("acme: is kept near weur, and stays there"), "{}", ended.err);
    ended.expect(1);
    // A hint may become another, for what comes into being later.
    fleet.run(&["apply", "--firm", "acme", "--location", "enam"]).expect(0);
    assert_eq!(fleet.config()["vars"]["ENGAGE_PLACEMENT"]["acme"], json!({ "location": "enam" }));
    for (args, code, named) in [
        (&["plan", "--config", "none.jsonc"][..], 3, "none.jsonc"),
        (&["plan", "--firm", "acme", "--jurisdiction", "us"], 2, "--jurisdiction"),
        (&["plan", "--jurisdiction", "eu"], 2, "--firm"),
        (&["plan", "--wrangler", "no-such-program"], 1, "no-such-program"),
    ] {
        let ended = fleet.run(args);
        assert!(ended.err.contains(named), "{args:?}: {}", ended.err);
        ended.expect(code);
    }
}
