//! `engage screen`: files in, a file out, no server.

use std::{fs, path::PathBuf};

use crate::rig::{Ended, engage, run};

const REGISTRY: &str = "party_id,name,aliases,kind
P1,\"Winterbourne, William\",,person
P2,\"Zephyr Robotics, Inc.\",Westwind Toys|Gale Playthings,entity
P3,Delta Apparel GmbH,,
";
const QUERIES: &str = "query_id,query_name,expected_party_id,category
Q1,Bill Winterbourne,P1,nickname
Q2,WESTWIND TOYS LLC,P2,alias
Q3,Deltaapparel,P3,spacing
Q4,Quentin Abernathy,,negative
";

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(registry: &str, queries: &str) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(files.path("registry.csv"), registry).unwrap();
        fs::write(files.path("queries.csv"), queries).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn screen(&self, more: &[&str]) -> Ended {
        let (registry, queries, out) = (self.path("registry.csv"), self.path("queries.csv"), self.path("out.csv"));
        let mut command = engage(&["screen", "--registry"]);
        command.arg(registry).arg("--queries").arg(queries).arg("--out").arg(out).args(more);
        run(&mut command)
    }

    fn out(&self) -> String {
        fs::read_to_string(self.path("out.csv")).unwrap()
    }
}

#[test]
fn predictions_are_written_and_scored() {
    let files = Files::new(REGISTRY, QUERIES);
    let figures = files.screen(&["--threshold", "0.2", "--json"]).json(0);
    assert_eq!((figures["parties"].as_u64(), figures["names"].as_u64()), (Some(3), Some(5)));
    assert_eq!(figures["figures"]["recallAt1"], 1.0);
    assert_eq!(figures["figures"]["atThreshold"]["falseAlarms"], 0.0);
    assert_eq!(figures["figures"]["categories"]["nickname"]["recall"], 1.0);
    let out = files.out();
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["query_id", "party_id", "score"]);
    let first: Vec<_> = rows[1..].iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(first, [("Q1", "P1"), ("Q2", "P2"), ("Q3", "P3")]);
    assert!(rows[1..].iter().all(|row| (0.2..=1.0).contains(&row[2].parse::<f64>().unwrap())), "{out}");
}

#[test]
fn without_expectations_only_the_speed_is_printed() {
    let files = Files::new(REGISTRY, "query_id,query_name\nQ1,Bill Winterbourne\n");
    let printed = files.screen(&[]).expect(0);
    assert!(printed.contains("p50") && printed.contains("p99") && !printed.contains("recall"), "{printed}");
}

#[track_caller]
fn refused(registry: &str, queries: &str, code: i32, expected: &str) {
    let ended = Files::new(registry, queries).screen(&[]);
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    assert!(ended.err.contains(expected), "{ended:#?}");
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_line_and_column() {
    refused("party_id,label\nP1,x\n", QUERIES, 2, "registry.csv: there is no column name; there are party_id, label");
    refused("party_id,name\nP1,Ann\n,Bob\n", QUERIES, 1, "registry.csv, line 3, column party_id: it is empty");
    refused("party_id,name\nP1,Ann\nP1,Bob\n", QUERIES, 1, "line 3, column party_id: P1 is there twice");
    refused("party_id,name,kind\nP1,Ann,cat\n", QUERIES, 1, "line 2, column kind: \"cat\" is none of person");
    refused("party_id,name\nP1,Ann,Bob\n", QUERIES, 1, "line 2: 3 values, but the header names 2 columns");
    let strange = "query_id,query_name,expected_party_id\nQ1,Ann,P9\n";
    refused(REGISTRY, strange, 1, "queries.csv, line 2, column expected_party_id: P9 is not in the registry");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let files = Files::new(REGISTRY, QUERIES);
    fs::remove_file(files.path("queries.csv")).unwrap();
    let ended = files.screen(&[]);
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    assert!(ended.err.contains("queries.csv"), "{ended:#?}");
}

#[test]
fn pairs_gain_a_score() {
    let files = Files::new(REGISTRY, QUERIES);
    let pairs = files.path("pairs.csv");
    fs::write(&pairs, "id,name1,name2,schema\n1,Bob Smith,\"Smith, Robert\",Person\n2,Bob Smith,Alice Jones,Person\n")
        .unwrap();
    let out = files.path("scored.csv");
    let mut command = engage(&["screen", "pairs"]);
    command.arg(&pairs).arg("--out").arg(&out);
    run(&mut command).expect(0);
    let scored = fs::read_to_string(out).unwrap();
    let lines: Vec<_> = scored.lines().collect();
    assert_eq!(lines[0], "id,name1,name2,schema,score");
    let score = |line: &str| line.rsplit(',').next().unwrap().parse::<f64>().unwrap();
    assert!(score(lines[1]) > 0.5 && score(lines[2]) < 0.1, "{scored}");
    assert!(lines[1].starts_with("1,Bob Smith,\"Smith, Robert\",Person,"), "{scored}");
}
