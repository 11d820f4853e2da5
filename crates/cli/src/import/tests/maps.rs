//! Maps: what concerns the whole file is refused before any row.

use std::fs;

use super::*;

#[track_caller]
fn refused(text: &str, format: Format, args: &MapArgs, expected: &str) {
    let error = try_read(text, format, args).err().expect("refused");
    assert!(error.is_usage());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_unknown_field_or_column_is_named() {
    let names = "clientName, clientEmail, clientPhone, practiceArea, legalArea, situation, status, createdAt, \
                 lastActivity, assignedTo, message";
    let csv = "id,a,b,b\n";
    let check = |map: &[&str], expected: &str| refused(csv, Format::Csv, &args(map), expected);
    check(&["name=a"], &format!("map: no field name; the fields are {names}"));
    check(&["clientname=a"], &format!("map: no field clientname; the fields are {names}"));
    check(&["status=c"], "the file has no column \"c\" (wanted for status); it has id, a, b, b");
    check(&["status=b"], "the file has the column \"b\" twice");
    check(&["status"], "--map \"status\": must look like field=Column name");
    check(&["status=a", "status=b"], "map: status is mapped to \"a\" and to \"b\"");
    check(&[], &format!("no column is named like a field ({names}); say --map field=COLUMN; the file has id, a, b, b"));
    let no_id = MapArgs { external_id: Some("key".into()), ..args(&["status=a"]) };
    refused(csv, Format::Csv, &no_id, "the file has no column \"key\" (wanted for --external-id); it has id, a, b, b");
    refused("", Format::Csv, &args(&[]), "the file has no header row: it is empty");
}

#[test]
fn an_external_id_is_asked_for() {
    let error = try_read("a\n", Format::Csv, &MapArgs::default()).err().unwrap();
    assert!(matches!(error, Error::NoExternalId));
}

#[test]
fn without_a_map_columns_are_named_like_fields() {
    let row = row("clientName,other,status", "Jane Roe,x,closed").unwrap();
    assert_eq!(row.identity.name, Some("Jane Roe".into()));
    assert_eq!(row.status.as_str(), "completed");
}

#[test]
fn with_a_map_only_what_it_says_is_read() {
    let row = lines("id,status,x\n1,odd,Jane\n", Format::Csv, &args(&["clientName=x"])).remove(0).1.unwrap();
    assert_eq!(row.status.as_str(), "active");
    assert_eq!(row.identity.name, Some("Jane".into()));
}

#[test]
fn value_maps_win_over_the_vocabulary() {
    let value = ["status:Closed: no=fee =terminated", "practiceArea:x=Family law", "assignedTo:J. Doe=jd@acme.example"];
    let args = MapArgs { value: value.map(Into::into).into(), ..args(&[]) };
    let text = "id,status,practiceArea,assignedTo\n1,CLOSED: NO=FEE,X,J. Doe\n2,closed,y,\n";
    let rows = lines(text, Format::Csv, &args);
    let first = rows[0].1.as_ref().unwrap();
    assert_eq!(first.status.as_str(), "terminated");
    assert_eq!(first.practice_area.as_ref().unwrap().0.as_str(), "family_law");
    assert_eq!(first.assigned_to.as_deref(), Some("jd@acme.example"));
    assert_eq!(rows[1].1.as_ref().unwrap().status.as_str(), "completed");
}

#[test]
fn value_maps_are_checked_before_any_row() {
    let check = |value: &str, expected: &str| {
        let args = MapArgs { value: vec![value.into()], ..args(&[]) };
        refused("id,status\n", Format::Csv, &args, expected);
    };
    check("status:x=shut", "value map: \"shut\" is no status; the statuses are active, completed, terminated");
    let shape = "must look like status:Closed with explanation=completed";
    check("status:x", &format!("--value \"status:x\": {shape}"));
    check("x=completed", &format!("--value \"x=completed\": {shape}"));
}

#[test]
fn a_map_file_says_the_same_and_the_command_line_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.toml");
    let file = r#"
        external_id = "Key"
        [map]
        status = "State"
        createdAt = "Opened"
        message = "Nowhere"
        [values.status]
        "Fee not paid" = "terminated"
        [dates]
        format = "%d/%m/%Y"
        time_zone = "Europe/Berlin"
    "#;
    fs::write(&path, file).unwrap();
    let args = MapArgs { map_file: Some(path.clone()), map: vec!["message=Text".into()], ..MapArgs::default() };
    let text = "Key,State,Opened,Text\nA-1,Fee not paid,02/01/2016,Hello\n";
    let row = lines(text, Format::Csv, &args).remove(0).1.unwrap();
    assert_eq!(row.external_id, "A-1".into());
    assert_eq!(row.status.as_str(), "terminated");
    assert_eq!(row.created_at.to_string(), "2016-01-01T23:00:00.000Z");
    assert_eq!(row.message, Some("Hello".into()));
    let ours = MapArgs { time_zone: Some("UTC".into()), date_format: Some("%m/%d/%Y".into()), ..args.clone() };
    let row = lines(text, Format::Csv, &ours).remove(0).1.unwrap();
    assert_eq!(row.created_at.to_string(), "2016-02-01T00:00:00.000Z");

    let check = |file: &str, expected: &str| {
        fs::write(&path, file).unwrap();
        let error = try_read(text, Format::Csv, &args).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("[map]\nstate = \"State\"", "no field state");
    check("[maps]\n", "unknown field `maps`");
    check("external_id = \"Key\"\n[dates]\ntime_zone = \"Mars\"", "time zone \"Mars\"");
    check("external_id = \"Key\"\n[dates]\nformat = \"%Y\"", "date format \"%Y\"");
    check("map", "map.toml");
}
