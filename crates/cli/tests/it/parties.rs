//! Lists of parties: brought in, and checked; into a folder and through a server; and a complaint's company that comes in as a client.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::{Value, json};

use crate::rig::{Ended, Rig, eventually, settles};

/// A client list: somebody on both sides under another spelling, one row twice, a telephone number that is none, and bad rows on the lines
/// 8, 9, 10 and 11.
const PARTIES: &str = "name,role,kind,aliases,email,phone,registration_number,date_of_birth,matter,external_id\n\
    Robert James Hallowell,client,person,Bob Hallowell; Rob Hallowell,bob@hallowell.example,,,1961-03-12,Estate of Hallowell,C-1\n\
    Northgate Fabrication LLC,client,organisation,,,,DE-77120,,,C-2\n\
    Northgate Fabrication L.L.C.,opposing party,Company,,,,,,,\n\
    Bob Hallowell,opposing-party,person,,,,,,,\n\
    bob  hallowell,opposing_party,individual,,,,,,,\n\
    Quillon Vantage Partners,related_entity,,,,unknown,,,,\n\
    ,client,,,,,,,,\n\
    Somebody Somewhere,defendant,,,,,,,,\n\
    ---,client,,,,,,,,\n\
    too,few\n";

fn import<'a>(file: &'a str, to: [&'a str; 2], rest: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["import", "parties", file, "--firm", "acme"];
    args.extend(to);
    args.extend(rest);
    args
}

fn check<'a>(file: &'a str, to: [&'a str; 2], rest: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["check", file, "--firm", "acme"];
    args.extend(to);
    args.extend(rest);
    args
}

const FOLDER: [&str; 2] = ["--data", "DATA"];

/// Rows, registered, changed, known, repeated, refused.
fn counts(report: &Value) -> [u64; 6] {
    ["rows", "registered", "changed", "known", "repeated", "refused"].map(|count| report[count].as_u64().unwrap())
}

/// What was done, as the audit trail has it, once the index holds it.
fn actions(rig: &Rig, action: &str) -> i64 {
    let query = format!("SELECT count(*) FROM audit_log_index WHERE action = '{action}'");
    crate::rig::count(&rig.file("index.db"), &query)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What is to come of [`PARTIES`], whichever way it goes in.
fn brought_in(first: Ended, again: Ended) {
    let report = first.json(1);
    assert_eq!(counts(&report), [10, 5, 0, 0, 1, 4], "{report:#}");
    let errors = report["errors"].as_array().unwrap();
    let told: Vec<_> = errors.iter().map(|error| (error["line"].as_u64().unwrap(), text(&error["message"]))).collect();
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [8, 9, 10, 11]);
    assert_eq!(told[0].1, "name must not be empty");
    assert!(told[1].1.starts_with("role \"defendant\" is not known"), "{told:?}");
    assert_eq!(told[2].1, "name must have a letter or a digit");
    assert!(told[3].1.starts_with("has 2 columns"), "{told:?}");
    assert_eq!(report["notes"][0]["line"], 7);
    assert_eq!(text(&report["notes"][0]["message"]), "phone was left out: it is not a number of six digits or more");

    assert_eq!(report["conflictingParties"], 2, "{report:#}");
    let conflicts = report["conflicts"].as_array().unwrap();
    let pairs: Vec<_> =
        conflicts.iter().map(|one| (text(&one["name"]), text(&one["found"]), text(&one["foundIn"]))).collect();
    assert_eq!(pairs[0], ("Northgate Fabrication L.L.C.", "Northgate Fabrication LLC", "list"));
    assert_eq!(pairs[1], ("Bob Hallowell", "Bob Hallowell", "list"), "{report:#}");
    assert_eq!(conflicts[0]["matchType"], "exact");
    assert_eq!(conflicts[1]["foundRole"], "client");
    assert!(conflicts.iter().all(|one| one["confidence"].as_f64() > Some(0.5)), "{report:#}");

    let report = again.json(1);
    assert_eq!(counts(&report), [10, 0, 0, 5, 1, 4], "a second run changes nothing: {report:#}");
    assert_eq!(report["conflictingParties"], 2, "and tells the same");
}

#[test]
fn a_list_of_parties_is_brought_in_once_with_its_bad_rows_named_and_its_conflicts_told() {
    let rig = Rig::new();
    let file = rig.write("parties.csv", PARTIES);
    let file = file.to_str().unwrap();
    let run = || rig.run(&import(file, FOLDER, &["--json"]));
    brought_in(run(), run());
    rig.is_sound();
    assert_eq!(actions(&rig, "party_registered"), 5);
    assert_eq!(actions(&rig, "conflict_detected"), 0, "what the firm knew before is history");

    let report = rig.folder().join("conflicts.csv");
    let plain = rig.run(&import(file, FOLDER, &["--report", report.to_str().unwrap()]));
    assert!(plain.err.contains("line 9: role \"defendant\" is not known"), "{plain:#?}");
    let out = plain.expect(1);
    assert!(out.starts_with("10 rows: 0 registered, 0 changed, 5 known already, 1 repeated, 4 refused\n"), "{out}");
    assert!(out.contains("2 parties conflict"), "{out}");
    let mut rows = csv::Reader::from_path(&report).unwrap();
    let headers = rows.headers().unwrap().clone();
    let first = rows.records().next().unwrap().unwrap();
    let cell = |name: &str| &first[headers.iter().position(|header| header == name).unwrap()];
    let cells = ["line", "name", "found", "found_role", "found_in", "match_type"].map(cell);
    assert_eq!(cells, ["4", "Northgate Fabrication L.L.C.", "Northgate Fabrication LLC", "client", "list", "exact"]);
}

#[test]
fn a_list_of_parties_comes_to_the_same_through_a_server() {
    let rig = Rig::new();
    let file = rig.write("parties.csv", PARTIES);
    let file = file.to_str().unwrap();
    let server = rig.serve();
    let run = || rig.run(&import(file, ["--url", &server.url], &["--json"]));
    brought_in(run(), run());
    let parties = rig.partner(&server).get("/api/v1/firm/parties").expect(200);
    let hallowell =
        parties["parties"].as_array().unwrap().iter().find(|one| one["party"]["externalId"] == "C-1").unwrap();
    let party = &hallowell["party"];
    assert_eq!(party["aliases"], json!(["Bob Hallowell", "Rob Hallowell"]));
    assert_eq!(party["matter"], "Estate of Hallowell");
    let identifiers = json!([
        { "type": "email", "value": "bob@hallowell.example" },
        { "type": "date_of_birth", "value": "1961-03-12" },
    ]);
    assert_eq!(party["identifiers"], identifiers);
    server.stop();
    rig.is_sound();
}

#[test]
fn what_more_a_list_says_of_a_party_is_added_to_it() {
    let rig = Rig::new();
    let run = |content: &str| {
        let file = rig.write("list.ndjson", content);
        rig.run(&import(file.to_str().unwrap(), FOLDER, &["--role", "client", "--json"])).json(0)
    };
    let once = r#"{"name":"Ann Roe","aliases":["Anna Roe; née Doe","A. Roe"]}"#;
    assert_eq!(counts(&run(once)), [1, 1, 0, 0, 0, 0]);
    let more = format!("{once}\n{}\n{once}\n", r#"{"name":"ann roe","email":"ann@roe.example"}"#);
    assert_eq!(counts(&run(&more)), [3, 0, 1, 1, 1, 0]);
    rig.is_sound();
}

#[test]
fn columns_and_words_of_ones_own_are_mapped() {
    let rig = Rig::new();
    let list = "Firma;Seite;Geboren\n";
    let file =
        rig.write("odd.csv", list.replace(';', ",") + "Fenwick Orchard Supply,Gegner,\nJo Weisz,Mandant,12.03.1961\n");
    let file = file.to_str().unwrap();
    let map = ["--map", "name=Firma", "role=Seite", "date_of_birth=Geboren"];
    let words = ["--value", "role:Gegner=opposing_party", "role:mandant=client", "--date-format", "%d.%m.%Y", "--json"];
    let report = rig.run(&import(file, FOLDER, &[&map[..], &words].concat())).json(0);
    assert_eq!(counts(&report), [2, 2, 0, 0, 0, 0]);
    assert_eq!(report["notes"], json!([]));

    let wrong = |rest: &[&str], says: &str| {
        let ended = rig.run(&import(file, FOLDER, rest));
        assert!(ended.err.contains(says), "{ended:#?}");
        ended.expect(2);
    };
    wrong(&[], "no column \"name\" (wanted for name)");
    wrong(&["--map", "name=Firma"], "no column holds the role");
    wrong(&["--map", "role=Seite"], "name is needed");
    wrong(&["--map", "name=Firmen", "--role", "client"], "no column \"Firmen\"");
    wrong(&["--map", "shoe=Firma"], "no field shoe; the fields are name, role");
    wrong(&["--map", "name=Firma", "--role", "judge"], "must be one of client, opposing_party, related_entity, matter");
    wrong(&["--map", "name=Firma", "--role", "client", "--date-format", "%Y"], "whole date");
    assert_eq!(actions(&rig, "party_registered"), 2);
}

/// Names of a lateral hire: one known on the other side, one on either, one nobody knows, one bad.
const LATERAL: &str = "name,role\n\
    Hallowell Bob,opposing_party\n\
    Northgate Fabrication,\n\
    Rob Hallowell,client\n\
    Zebulon Quarrystone,client\n\
    !!!,client\n";

fn checked(report: &Value) {
    let count = |field: &str| report[field].as_u64().unwrap();
    assert_eq!(["checked", "conflict", "clear", "refused"].map(count), [4, 3, 1, 1], "{report:#}");
    let results = report["results"].as_array().unwrap();
    assert_eq!(results[0]["result"], "conflict");
    assert_eq!(results[0]["matches"][0]["role"], "client");
    assert_eq!(results[1]["role"], Value::Null, "held against both sides");
    let sides: BTreeSet<_> = results[1]["matches"].as_array().unwrap().iter().map(|one| text(&one["role"])).collect();
    assert_eq!(sides, BTreeSet::from(["client", "opposing_party"]));
    assert_eq!(results[3]["matches"], json!([]));
    assert!(results.iter().all(|one| one["checkId"].is_string() && one["registryVersion"].as_u64() > Some(0)));
}

#[test]
fn a_check_is_recorded_and_registers_nothing_whichever_way_it_goes() {
    let rig = Rig::new();
    let list = rig.write("parties.csv", PARTIES);
    rig.run(&import(list.to_str().unwrap(), FOLDER, &[])).expect(1);
    let file = rig.write("lateral.csv", LATERAL);
    let file = file.to_str().unwrap();
    let ended = rig.run(&check(file, FOLDER, &["--json"]));
    checked(&ended.json(1));
    assert_eq!(actions(&rig, "conflict_checked"), 4);
    assert_eq!(actions(&rig, "party_registered"), 5, "a check registers nothing");
    rig.is_sound();

    let server = rig.serve();
    checked(&rig.run(&check(file, ["--url", &server.url], &["--json"])).json(1));
    let partner = rig.partner(&server);
    settles(|| {
        let trail = partner.get("/api/v1/firm/audit?action=conflict_checked").expect(200);
        let entries = trail["audit"].as_array().map_or(0, Vec::len);
        if entries == 8 { Ok(()) } else { Err(trail) }
    });
    let parties = partner.get("/api/v1/firm/parties").expect(200);
    assert_eq!(parties["parties"].as_array().unwrap().len(), 5);
    server.stop();
    rig.is_sound();
}

#[test]
fn a_check_is_written_as_text_as_csv_and_as_a_page() {
    let rig = Rig::new();
    rig.write(
        "odd.csv",
        "name,role\n\"<script>alert('x')</script> Holdings & \"\"Sons\"\"\",client\n=Cmd Industries,client\n",
    );
    let odd = rig.folder().join("odd.csv");
    rig.run(&import(odd.to_str().unwrap(), FOLDER, &[])).expect(0);
    let file = rig.write(
        "list.csv",
        "name\n\"<script>alert('x')</script> Holdings & \"\"Sons\"\"\"\n=Cmd Industries\nZebulon Quarrystone\n",
    );
    let file = file.to_str().unwrap();
    let out = |name: &str| {
        let path = rig.folder().join(name);
        let rest = ["--out", path.to_str().unwrap(), "--by", "Pat <Doe>", "--role", "opposing_party"];
        let said = rig.run(&check(file, FOLDER, &rest)).expect(0);
        assert!(said.starts_with("3 names checked: 2 conflict, 0 known without a conflict, 1 clear"), "{said}");
        std::fs::read_to_string(path).unwrap()
    };

    let page = out("report.html");
    assert!(!page.contains("<script") && !page.contains("<Doe>"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; Holdings &amp; &quot;Sons&quot;"), "{page}");
    assert!(page.contains("<dt>Checked by</dt><dd>Pat &lt;Doe&gt;</dd>"), "{page}");
    assert!(page.contains("<dt>Firm</dt><dd>Acme LLP (acme)</dd>") && page.contains("@media print"), "{page}");
    assert!(
        !page.contains("http:") && !page.contains("https:") && !page.contains("src="),
        "it needs nothing beside it"
    );
    let order: Vec<_> = ["<h2>Conflicts", "<h2>Clear"].map(|heading| page.find(heading).unwrap()).into();
    assert!(order.is_sorted() && !page.contains("Not checked"), "{page}");

    let sheet = out("report.csv");
    let mut rows = csv::Reader::from_reader(sheet.as_bytes());
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| &row[3]).collect::<Vec<_>>(), ["conflict", "conflict", "clear"]);
    assert_eq!((&rows[1][1], &rows[1][4]), ("'=Cmd Industries", "'=Cmd Industries"), "no formula");

    let plain = out("report.txt");
    for says in ["Firm:                     Acme LLP (acme)", "(UTC, UTC+00:00)", "Registry version:", "Rules version:"]
    {
        assert!(plain.contains(says), "{says}: {plain}");
    }
    assert!(plain.contains("CONFLICT with =Cmd Industries, client, of no conversation"), "{plain}");
    let printed = rig.run(&check(file, FOLDER, &["--role", "client"])).expect(0);
    assert!(printed.contains("KNOWN, AND NO CONFLICT") && !printed.contains("CONFLICT with"), "{printed}");
}

#[test]
fn a_report_says_where_there_may_be_more_conflicts_than_it_tells_of() {
    let rig = Rig::new();
    let namesakes: String = (0..30).map(|at| format!("Ann Quillfeather,client,{at}\n")).collect();
    let list = rig.write("namesakes.csv", format!("name,role,external_id\n{namesakes}"));
    let report = rig.run(&import(list.to_str().unwrap(), FOLDER, &["--json"])).json(0);
    assert_eq!(counts(&report), [30, 30, 0, 0, 0, 0], "people of one name and different numbers are different people");
    let file = rig.write("list.csv", "name,role\nAnn Quillfeather,opposing_party\n");
    let printed = rig.run(&check(file.to_str().unwrap(), FOLDER, &[])).expect(0);
    assert_eq!(printed.matches("CONFLICT with Ann Quillfeather, client").count(), 25);
    assert!(printed.contains("There may be more conflicts: one check tells of the likeliest, at most 25 of a side."));
}

#[test]
fn a_check_that_cannot_be_made_says_why() {
    let rig = Rig::new();
    let file = rig.write("list.csv", "name\nAnn Roe\n");
    let empty = rig.write("empty.csv", "name\n");
    let (file, empty) = (file.to_str().unwrap(), empty.to_str().unwrap());
    let wrong = |args: &[&str], code: i32, says: &str| {
        let ended = rig.run(args);
        assert!(ended.err.contains(says), "{ended:#?}");
        ended.expect(code);
    };
    wrong(&check(file, FOLDER, &["--out", "report.pdf"]), 2, "must end in .txt, .csv or .html");
    wrong(&check(file, FOLDER, &["--out", "/nowhere/at/all/report.txt"]), 1, "cannot write /nowhere/at/all/report.txt");
    wrong(&check(empty, FOLDER, &[]), 2, "names nobody");
    wrong(&check("missing.csv", FOLDER, &[]), 3, "missing.csv");
    wrong(&check(file, ["--data", "/nowhere/at/all"], &[]), 3, "/nowhere/at/all");
    let server = rig.serve();
    let ended = crate::rig::run(
        rig.command(&check(file, ["--url", &server.url], &[]))
            .env("ENGAGE_TOKEN_KEY", "another key of the same length!!"),
    );
    ended.expect(4);
    wrong(&check(file, FOLDER, &[]), 5, "");
    server.stop();
}

/// The companies of the complaints, where they are at hand.
fn complaints() -> Option<(PathBuf, BTreeSet<String>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cfpb-complaints.csv");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: the file of complaints is not there");
        return None;
    };
    let mut csv = csv::Reader::from_reader(&*bytes);
    let column = csv.headers().unwrap().iter().position(|header| header == "Company").unwrap();
    Some((path, csv.records().map(|record| record.unwrap()[column].to_owned()).collect()))
}

/// A company as it stands in the complaints, and as it calls itself when it comes in.
const SPELLINGS: [(&str, &str); 28] = [
    // Another case.
    ("BANK OF AMERICA, NATIONAL ASSOCIATION", "Bank of America, National Association"),
    ("Navient Solutions, LLC.", "NAVIENT SOLUTIONS, LLC."),
    ("Selip & Stylianou, LLP", "selip & stylianou, llp"),
    // The legal form dropped, or another.
    ("OCWEN LOAN SERVICING LLC", "Ocwen Loan Servicing"),
    ("EQUIFAX, INC.", "Equifax"),
    ("Hunter Warfield, Inc.", "Hunter Warfield LLC"),
    ("Enova International, Inc.", "Enova International"),
    ("ENCORE CAPITAL GROUP INC.", "Encore Capital Group, Incorporated"),
    ("Alpine Credit, Inc", "Alpine Credit Corp."),
    // A slip of the pen.
    ("NATIONSTAR MORTGAGE", "Nationstarr Mortgage"),
    ("Experian Information Solutions Inc.", "Experain Information Solutions Inc."),
    ("SYNCHRONY FINANCIAL", "Synchrony Finacial"),
    ("Pinnacle Credit Services, LLC", "Pinacle Credit Services, LLC"),
    ("CARRINGTON MORTGAGE SERVICES, LLC", "Carington Mortgage Services LLC"),
    ("Halsted Financial Services, LLC.", "Halstead Financial Services, LLC"),
    // Words elsewhere.
    ("CITIZENS FINANCIAL GROUP, INC.", "Financial Group Citizens, Inc."),
    ("Specialized Loan Servicing LLC", "Loan Servicing Specialized LLC"),
    ("Real Time Resolutions, Inc.", "Resolutions Real Time, Inc."),
    ("HUNTINGTON NATIONAL BANK, THE", "The Huntington National Bank"),
    ("GUILD MORTGAGE COMPANY", "Mortgage Guild Company"),
    // Shortened, or written out.
    ("JPMORGAN CHASE & CO.", "JPMorgan Chase and Company"),
    ("WELLS FARGO & COMPANY", "Wells Fargo & Co"),
    ("CITIBANK, N.A.", "Citibank, National Association"),
    ("SANTANDER CONSUMER USA HOLDINGS INC.", "Santander Consumer USA Hldgs Inc."),
    ("AMERICAN HONDA FINANCE CORP", "American Honda Finance Corporation"),
    ("NAVY FEDERAL CREDIT UNION", "Navy Fed Credit Union"),
    // Spaces elsewhere.
    ("DriveTime", "Drive Time"),
    ("SUNTRUST BANKS, INC.", "Sun Trust Banks"),
];

#[test]
fn a_company_of_the_complaints_that_comes_in_as_a_client_under_another_spelling_is_caught() {
    let Some((path, companies)) = complaints() else { return };
    let rig = Rig::new();
    let map = ["--map", "name=Company", "--role", "opposing_party", "--json"];
    let run = || rig.run(&import(path.to_str().unwrap(), FOLDER, &map)).json(0);
    let (report, distinct) = (run(), companies.len() as u64);
    let sum = report["registered"].as_u64().unwrap() + report["repeated"].as_u64().unwrap();
    assert_eq!((report["rows"].as_u64(), sum), (Some(802), 802), "{report:#}");
    assert_eq!(report["registered"], distinct, "each company once");
    assert_eq!(report["conflictingParties"], 0, "all are on one side");
    assert_eq!(run()["known"], distinct, "a second run changes nothing");

    let server = rig.serve();
    let partner = rig.partner(&server);
    for (company, spelling) in SPELLINGS {
        assert!(companies.contains(company), "{company}");
        assert_ne!(company, spelling);
        let begun = partner
            .post("/api/v1/firm/conversations", &json!({ "clientName": spelling, "practiceArea": "consumer_finance" }))
            .expect(201);
        let id = text(&begun["conversation"]["sessionId"]).to_owned();
        let path = format!("/api/v1/firm/conversations/{id}/parties");
        let named = partner.post(&path, &json!({ "role": "client", "name": spelling })).expect(201);
        let screening = &named["screening"];
        assert_eq!(screening["status"], "conflict_detected", "{spelling}: {named:#}");
        let matches = screening["matches"].as_array().unwrap();
        let found = matches.iter().find(|found| found["name"] == company);
        let found = found.unwrap_or_else(|| panic!("{spelling} is not told to be {company}: {matches:#?}"));
        assert_eq!(found["conflictType"], "opposing_party");
        assert!(found["evidence"]["aligned"].as_array().is_some_and(|words| !words.is_empty()), "{found:#}");
        assert!(found["conflictId"].is_string(), "{found:#}");
        assert_eq!(named["conversation"]["conflictStatus"], "conflict_detected", "{spelling}");
        let detail = partner.get(&format!("/api/v1/firm/conversations/{id}")).expect(200);
        assert_eq!(detail["conversation"]["conflictStatus"], "conflict_detected", "{spelling}");
    }
    let unknown = partner
        .post(
            "/api/v1/firm/conversations",
            &json!({ "clientName": "Zebulon Quarrystone", "practiceArea": "consumer_finance" }),
        )
        .expect(201);
    let id = text(&unknown["conversation"]["sessionId"]).to_owned();
    let party = json!({ "role": "client", "name": "Zebulon Quarrystone" });
    let named = partner.post(&format!("/api/v1/firm/conversations/{id}/parties"), &party).expect(201);
    assert_eq!(named["screening"]["status"], "clear", "{named:#}");
    let listed = eventually("the conflicts in the index", || {
        let report = partner.get("/api/v1/firm/conversations?conflictStatus=conflict_detected&limit=100").expect(200);
        let rows = report["conversations"].as_array().unwrap().len();
        (rows == SPELLINGS.len()).then_some(rows)
    });
    assert_eq!(listed, SPELLINGS.len());
    server.stop();
    rig.is_sound();
}
