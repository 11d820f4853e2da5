//! What a server measures is described for those who run it.

use std::{collections::BTreeSet, path::Path};

use serde_json::json;

use crate::rig::Rig;

#[test]
fn every_metric_of_a_server_is_described() {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    client.post("/api/v1/firm/conversations", &json!({ "clientName": "Ann", "practiceArea": "tax" })).expect(201);
    let metrics = client.text("/metrics");
    let names: BTreeSet<_> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for known in
        ["engage_http_requests_total", "engage_index_building", "engage_shard_queue_depth", "engage_turns_total"]
    {
        assert!(names.contains(known), "{known} in {names:?}");
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let silent: Vec<_> = names.iter().filter(|name| !page.contains(&format!("| `{name}` |"))).collect();
    assert!(silent.is_empty(), "docs/operations.md does not describe {silent:?}");
    server.stop();
    rig.is_sound();
}
