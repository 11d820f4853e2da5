//! Given a file and how it is to be read, then parties, row errors with their lines, or one error before any row.

use std::io::Cursor;

use engage_domain::registry::IdentifierSort;

use super::*;

fn try_read(text: &str, format: Format, args: &PartyArgs, role_needed: bool) -> Result<PartyRows, Error> {
    let now = "2026-11-24T12:00:00.000Z".parse().unwrap();
    // A small buffer, so that rows and even characters cross its edge.
    let reader = BufReader::with_capacity(7, Cursor::new(text.as_bytes().to_vec()));
    PartyRows::read(Box::new(reader), format, args, role_needed, now)
}

fn lines(text: &str, format: Format) -> Vec<(u64, Result<PartyRow, PartyRowError>)> {
    let rows = try_read(text, format, &PartyArgs::default(), false).unwrap();
    rows.map(Result::unwrap).map(|line| (line.number, line.row)).collect()
}

fn texts(all: &[Private]) -> Vec<&str> {
    all.iter().map(Private::as_str).collect()
}

#[test]
fn several_names_are_parted_by_semicolons_and_members_of_a_list_are_taken_as_they_are() {
    let csv = lines("\u{feff}name,aliases\nÅsa Öst,\" A. Öst ;; Åsa Väst;A. Öst\"\n", Format::Csv);
    let party = &csv[0].1.as_ref().unwrap().party;
    assert_eq!(party.name.as_str(), "Åsa Öst");
    assert_eq!(texts(&party.aliases), ["A. Öst", "Åsa Väst"]);

    let ndjson = r#"{"name":"Åsa Öst","aliases":["Öst; Åsa"," ",7],"phone":["+46 8 123 456","none"]}"#;
    let rows = lines(ndjson, Format::Ndjson);
    let row = rows[0].1.as_ref().unwrap();
    assert_eq!(texts(&row.party.aliases), ["Öst; Åsa", "7"]);
    assert_eq!(row.party.identifiers.len(), 1);
    assert_eq!(row.notes, ["phone was left out: it is not a number of six digits or more"]);
}

#[test]
fn a_list_where_one_text_is_expected_is_refused_by_its_key() {
    let rows = lines("{\"name\":[\"Ann\"]}\n{\"name\":\"Ann\",\"aliases\":{}}\n[]\n", Format::Ndjson);
    let told: Vec<_> = rows.iter().map(|(line, row)| format!("{line}: {}", row.as_ref().unwrap_err())).collect();
    let expected = [
        "1: \"name\" must be text, a number or a boolean, not a list",
        "2: \"aliases\" must be text, a number or a boolean, not an object",
        "3: is not a JSON object",
    ];
    assert_eq!(told, expected);
}

#[test]
fn roles_and_kinds_are_read_whatever_the_case() {
    let rows =
        lines("name,role,kind\nA,Opposing Party,Company\nB,related-entity,INDIVIDUAL\nC,,\nD,Matter,\n", Format::Csv);
    let read: Vec<_> =
        rows.iter().map(|(_, row)| row.as_ref().unwrap()).map(|row| (row.role, row.party.kind)).collect();
    let expected = [
        (Some(PartyRole::OpposingParty), PartyKind::Organisation),
        (Some(PartyRole::RelatedEntity), PartyKind::Person),
        (None, PartyKind::Unknown),
        (Some(PartyRole::Matter), PartyKind::Matter),
    ];
    assert_eq!(read, expected);
}

#[test]
fn identifiers_that_could_never_be_compared_leave_themselves_out_and_not_the_party() {
    let text = "name,email,phone,registration_number,date_of_birth\n\
        Ann,ann@x.example;nobody,n/a,--,12/03/1961\n\
        Ben,,555-01,DE 1,1961-02-30\n\
        Cid,,,,19610312\n";
    let rows = lines(text, Format::Csv);
    let row = |at: usize| rows[at].1.as_ref().unwrap();
    let sorts: Vec<_> = row(0).party.identifiers.iter().map(|one| one.sort).collect();
    assert_eq!(sorts, [IdentifierSort::Email]);
    assert_eq!(row(0).notes.len(), 4);
    assert_eq!(row(1).party.identifiers.len(), 1, "a register's number may be as short as that");
    assert!(row(1).notes[1].starts_with("date_of_birth was left out: it is not a date like"), "{:?}", row(1).notes);
    assert!(row(2).party.identifiers.is_empty(), "a number is no date");
}

#[test]
fn what_the_registry_would_refuse_is_refused_by_the_name_of_its_column() {
    let long = "x".repeat(401);
    let many: Vec<_> = (0..21).map(|at| format!("other {at}")).collect();
    let text = format!("name,aliases,external_id\n{long},,\nAnn,{long},\nAnn,{},\nAnn,,{long}\n", many.join(";"));
    let told: Vec<_> = lines(&text, Format::Csv).iter().map(|(_, row)| row.as_ref().unwrap_err().to_string()).collect();
    let expected = [
        "name must be at most 400 bytes, has 401",
        "aliases must be at most 400 bytes, has 401",
        "aliases must be at most 20, are 21",
        "external_id must be at most 254 bytes, has 401",
    ];
    assert_eq!(told, expected);
}

#[test]
fn columns_that_were_asked_for_and_never_held_a_value_are_told() {
    let args = PartyArgs { map: vec!["name=who.name".into(), "phone=tel".into()], ..PartyArgs::default() };
    let mut rows = try_read("{\"who\":{\"name\":\"Ann\"}}\n", Format::Ndjson, &args, false).unwrap();
    let first = rows.next().unwrap().unwrap().row.unwrap();
    assert_eq!(first.party.name.as_str(), "Ann");
    assert!(rows.next().is_none());
    assert_eq!(rows.unseen_columns(), ["tel"]);
}

#[test]
fn a_row_without_a_role_is_refused_where_each_party_needs_one() {
    let args = PartyArgs::default();
    let mut rows = try_read("name,role\nAnn,\n", Format::Csv, &args, true).unwrap();
    let error = rows.next().unwrap().unwrap().row.unwrap_err();
    assert_eq!(error.to_string(), "role must not be empty; say --role for rows that do not name it");
    assert!(matches!(try_read("name\nAnn\n", Format::Csv, &args, true), Err(Error::NoRole)));
}
