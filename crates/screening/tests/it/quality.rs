//! The promises about quality, on the labelled data where it is there: `ENGAGE_SCREENING_DATA` names its folder.

use std::{collections::HashMap, path::PathBuf};

use engage_screening::{
    Handle, Kind, Options, Party, Screen, THRESHOLD,
    evaluation::{Judged, evaluate},
};

fn rows(path: &std::path::Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn recall_and_false_alarms_are_what_the_documentation_says() {
    let Some(folder) = std::env::var_os("ENGAGE_SCREENING_DATA").map(PathBuf::from) else {
        println!("skipped: ENGAGE_SCREENING_DATA names no folder with registry.csv and queries.csv");
        return;
    };
    let mut screen = Screen::new();
    let mut handles = HashMap::new();
    for (handle, row) in (0..).zip(rows(&folder.join("registry.csv"))) {
        let kind = if row["kind"] == "person" { Kind::Person } else { Kind::Organisation };
        let aliases = row["aliases"].split('|').filter(|alias| !alias.is_empty());
        screen.insert(Handle(handle), &Party::named(&*row["name"]).of_kind(kind).also_known_as(aliases));
        handles.insert(row["party_id"].clone(), Handle(handle));
    }
    let judge = |row: HashMap<String, String>| {
        let expected: Vec<_> = row["expected_party_id"].split('|').filter_map(|id| handles.get(id)).collect();
        let options = Options { limit: 10, threshold: 0.0 };
        let found = screen.search(&Party::named(&*row["query_name"]), &options);
        let answers = found.iter().map(|one| (one.confidence, expected.contains(&&one.handle))).collect();
        Judged { category: row["category"].clone(), positive: !expected.is_empty(), answers }
    };
    let judged: Vec<_> = rows(&folder.join("queries.csv")).into_iter().map(judge).collect();
    let figures = evaluate(&judged, Some(THRESHOLD)).unwrap();
    assert!(figures.at.recall >= 0.95, "{figures:?}");
    assert_eq!(figures.categories["exact"].recall, 1.0);
    assert_eq!(figures.categories["alias"].recall, 1.0);
    assert!(figures.at_false_alarms.0 >= 0.89, "{figures:?}");
    assert!(figures.first >= 0.95 && figures.tenth >= 0.98, "{figures:?}");
    assert!(figures.at_ninety.unwrap().false_alarms <= 0.06, "{figures:?}");
}
