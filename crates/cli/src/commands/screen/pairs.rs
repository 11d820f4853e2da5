//! Each pair of names of a file, scored by itself.

use std::io::{self, Write};

use anyhow::Context;

use super::{Pairs, sheet::Sheet};
use crate::exit::{Exit, failed};

pub(super) fn run(pairs: &Pairs) -> anyhow::Result<Exit> {
    let mut sheet = Sheet::open(&pairs.file)?;
    let target: Box<dyn Write> = match &pairs.out {
        Some(path) => {
            Box::new(std::fs::File::create(path).with_context(|| format!("could not write {}", path.display()))?)
        }
        None => Box::new(io::stdout().lock()),
    };
    let mut out = csv::Writer::from_writer(target);
    match write(pairs, &mut sheet, &mut out) {
        // A reader that has seen enough is not an error.
        Err(error) if broken_pipe(&error) => Ok(Exit::Ok),
        done => done.map(|()| Exit::Ok),
    }
}

fn write(pairs: &Pairs, sheet: &mut Sheet, out: &mut csv::Writer<Box<dyn Write>>) -> anyhow::Result<()> {
    let (first, second) = (sheet.column("name1")?, sheet.column("name2")?);
    let kind = sheet.find("kind").or_else(|| sheet.find("schema"));
    if sheet.find("score").is_some() {
        let file = pairs.file.display();
        return Err(failed(Exit::Usage, format!("{file}: there is a column score already")));
    }
    out.write_record(sheet.headers().iter().map(String::as_str).chain(["score"]))?;
    while let Some(row) = sheet.next()? {
        let score = engage_screening::pair(row.get(&first), row.get(&second), row.kind(kind.as_ref())?);
        out.write_record(row.record.iter().chain([format!("{score:.6}").as_str()]))?;
    }
    out.flush()?;
    Ok(())
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let csv = error.downcast_ref::<csv::Error>().and_then(|error| match error.kind() {
        csv::ErrorKind::Io(error) => Some(error.kind()),
        _ => None,
    });
    io.or(csv) == Some(io::ErrorKind::BrokenPipe)
}
