//! Files as they come: byte order marks, line ends, broken rows.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;

#[test]
fn csv_rows_carry_the_line_on_which_they_begin() {
    let text = "id,message\n1,one\n\n2,\"two\nlines\"\n3,\"quoted \"\"word\"\"\"\n4,last";
    let rows = lines(text, Format::Csv, &args(&[]));
    let seen: Vec<_> = rows
        .iter()
        .map(|(line, row)| (*line, row.as_ref().unwrap().message.as_ref().unwrap().as_str().to_owned()))
        .collect();
    let expected = [(2, "one"), (4, "two\nlines"), (6, "quoted \"word\""), (7, "last")];
    assert_eq!(seen, expected.map(|(line, message)| (line, message.to_owned())));
}

#[test]
fn byte_order_mark_and_crlf_are_no_part_of_the_data() {
    let rows =
        lines("\u{feff}id,clientName\r\n1,Jane Roe\r\n2,\"A\r\nB\"\r\n", Format::Csv, &args(&["message=clientName"]));
    assert_eq!(rows[0].0, 2);
    assert_eq!(rows[0].1.as_ref().unwrap().message, Some("Jane Roe".into()));
    assert_eq!(rows[1].1.as_ref().unwrap().message, Some("A\r\nB".into()));
    let rows = summary("\u{feff}{\"id\":1}\r\n\r\n{\"id\":2}\r\n", Format::Ndjson, &args(&[]));
    assert_eq!(rows, ["1: 1", "3: 2"]);
}

#[test]
fn a_bad_row_is_reported_with_its_line_and_the_rest_goes_on() {
    let text = b"id,message\n1,a\n2\n3,\xff\n4,a,b\n,x\n5,\"a\nb\"\"\",c\r\n6,ok\r\n";
    assert_eq!(
        summary(text, Format::Csv, &args(&[])),
        [
            "2: 1",
            "3: has 1 columns where the header has 2 (the row ends on line 3)",
            "4: \"message\" is not valid UTF-8",
            "5: has 3 columns where the header has 2 (the row ends on line 5)",
            "6: \"id\" is empty, and it tells one row from another",
            "7: has 3 columns where the header has 2 (the row ends on line 8)",
            "9: 6",
        ]
    );
}

#[test]
fn a_bad_line_of_ndjson_is_reported_and_the_rest_goes_on() {
    let text = b"{\"id\":1}\n{\"id\":\n[1]\n{\"id\":\"\xff\"}\n\n{\"id\":{}}\n{\"id\":null}\n{\"id\":\"7\",\"x\":[]}";
    assert_eq!(
        summary(text, Format::Ndjson, &args(&[])),
        [
            "1: 1",
            "2: is not a JSON object: column 6",
            "3: is not a JSON object",
            "4: the line is not valid UTF-8",
            "6: \"id\" must be text, a number or a boolean, not an object",
            "7: \"id\" is empty, and it tells one row from another",
            "8: 7",
        ]
    );
}

#[test]
fn a_quote_that_nobody_closed_is_an_error_and_not_a_value() {
    let open = "a quoted value is still open at the end of the file";
    for text in
        ["id,message\n1,\"a\n2,b\n3,c\n", "id,message\n1,\"a\n2,b\n3,c", "id,message\n1,\"", "id,message\n\"1,b\n"]
    {
        assert_eq!(summary(text, Format::Csv, &args(&[])), [format!("2: {open}")], "{text}");
    }
    for text in ["id,message\n1,\"a\"", "id,message\n1,\"a\n\"", "id,message\n1,\"a\"\n\n\n"] {
        assert_eq!(summary(text, Format::Csv, &args(&[])), ["2: 1"], "{text}");
    }
}

#[test]
fn a_row_longer_than_a_row_may_be_is_skipped_in_constant_memory() {
    let long = "x".repeat(RECORD_MAX + 10);
    let too_long = format!("is longer than {RECORD_MAX} bytes");
    let csv = format!("id,message\n1,{long}\n2,\"{long}\"\n3,ok\n");
    let read = |text: String, format| {
        let reader = Box::new(BufReader::new(Cursor::new(text.into_bytes())));
        let rows = Rows::read(reader, format, &args(&["message=message"]), target()).unwrap();
        rows.map(Result::unwrap).map(|line| line.row.map(drop).map_err(|error| error.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(read(csv, Format::Csv), [Err(too_long.clone()), Err(too_long.clone()), Ok(())]);
    let ndjson = format!("{{\"id\":1,\"message\":\"{long}\"}}\n{{\"id\":2}}\n");
    assert_eq!(read(ndjson, Format::Ndjson), [Err(too_long), Ok(())]);
    let commas = format!("id,message\n1{}\n2,ok\n", ",".repeat(100_000));
    assert!(matches!(read(commas, Format::Csv)[..], [Err(_), Ok(())]));
}

#[test]
fn nested_keys_of_ndjson_are_dotted() {
    let args = args(&["clientName=client.name", "clientEmail=client.email", "status=a.b"]);
    let text = r#"{"id":7,"client":{"name":"Jane Roe","email":null},"a.b":"closed"}"#;
    let row = lines(text, Format::Ndjson, &args).remove(0).1.unwrap();
    assert_eq!(row.identity.name, Some("Jane Roe".into()));
    assert_eq!(row.identity.email, None);
    assert_eq!(row.status.as_str(), "completed");
}

#[test]
fn mapped_keys_that_no_line_holds_are_told_at_the_end() {
    let mut rows =
        try_read("{\"id\":1,\"name\":\"J\"}\n", Format::Ndjson, &args(&["clientName=name", "status=stat"])).unwrap();
    assert!(rows.by_ref().all(|line| line.unwrap().row.is_ok()));
    assert_eq!(rows.unseen_columns(), ["stat"]);
    assert_eq!(rows.position(), 20);
}

#[test]
fn the_extension_tells_the_format_unless_somebody_does() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, args: &MapArgs| {
        let path = folder.path().join(name);
        fs::write(&path, "id,message\n1,a\n").unwrap();
        Rows::open(&path, args, target()).map(Iterator::count)
    };
    assert_eq!(open("a.csv", &args(&[])).unwrap(), 1);
    assert_eq!(open("a.CSV", &args(&[])).unwrap(), 1);
    assert_eq!(open("a.jsonl", &args(&[])).unwrap(), 2);
    assert!(matches!(open("a.txt", &args(&[])), Err(Error::UnknownFormat { .. })));
    assert_eq!(open("a.txt", &MapArgs { format: Some(Format::Csv), ..args(&[]) }).unwrap(), 1);
    let missing = Rows::open(Path::new("no/such.csv"), &args(&[]), target());
    assert!(matches!(missing, Err(error @ Error::Open { .. }) if !error.is_usage()));
}

#[test]
fn eight_hundred_and_two_real_complaints_are_good_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cfpb-complaints.csv");
    if !path.exists() {
        println!("skipped: the file of real complaints is not here");
        return;
    }
    let args = MapArgs {
        external_id: Some("Complaint ID".into()),
        map: [
            "practiceArea=Product",
            "situation=Company",
            "message=Consumer complaint narrative",
            "createdAt=Date received",
            "lastActivity=Date sent to company",
            "status=Company response to consumer",
        ]
        .map(Into::into)
        .into(),
        ..MapArgs::default()
    };
    let rows: Vec<Row> = Rows::open(&path, &args, target()).unwrap().map(|line| line.unwrap().row.unwrap()).collect();
    assert_eq!(rows.len(), 802);
    let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| row.conversation_id).collect();
    assert_eq!(ids.len(), 802, "each is a conversation of its own");
    assert_eq!(rows.iter().filter(|row| row.message.is_some()).count(), 179);
    assert_eq!(rows.iter().filter(|row| row.status.as_str() == "terminated").count(), 1);
    let areas: std::collections::BTreeSet<_> = rows.iter().flat_map(|row| &row.practice_area).collect();
    assert_eq!(areas.len(), 13, "no two products become one area");
    let noted = |pick: fn(&Note) -> bool| rows.iter().filter(|row| row.notes.iter().any(pick)).count();
    assert_eq!(noted(|note| matches!(note, Note::ActivityBeforeCreation { .. })), 4);
    assert_eq!(noted(|note| matches!(note, Note::ActivityLeftOut { .. })), 0);
}

proptest! {
    #[test]
    fn csv_reads_as_it_was_written(table in prop::collection::vec(("[a-z0-9]{1,5}", "\\PC{0,20}|[\",\r\n a]{0,9}"), 1..8)) {
        let mut writer = ::csv::Writer::from_writer(vec![]);
        writer.write_record(["id", "message"]).unwrap();
        for (id, message) in &table {
            writer.write_record([id, message]).unwrap();
        }
        let rows = lines(writer.into_inner().unwrap(), Format::Csv, &args(&[]));
        let read: Vec<_> = rows.into_iter().map(|(_, row)| row.unwrap()).map(|row| (row.external_id, row.message)).collect();
        let message = |text: &str| Some(text).filter(|text| !text.trim().is_empty()).map(Into::into);
        let written: Vec<_> = table.iter().map(|(id, text)| (id.as_str().into(), message(text))).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), csv in any::<bool>()) {
        let text = [b"id,message,createdAt,status\n".as_slice(), &bytes].concat();
        let format = if csv { Format::Csv } else { Format::Ndjson };
        for (_, row) in lines(text, format, &args(&[])) {
            drop(row);
        }
    }
}
