//! A firm's journal on a running server: its heads, its lines, and lines that are sent to it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use engage_domain::{FirmId, Kind};
use engage_http::token::TokenKey;
use engage_journal::transfer::{Digits, FORMAT, JournalDigest, Line};
use engage_native::spool::Spool;
use serde_json::{Value, json};

use crate::{
    client::Client,
    exit::{Exit, code_of},
};

/// The heads of objects' chains by kind and name, in the order in which they make a digest.
pub(super) type Heads = BTreeMap<(Kind, Box<str>), Digits>;

/// How often a journal is read anew when somebody has written meanwhile.
const ROUNDS: usize = 5;
/// How often lines are sent, and how long to wait before the second time.
const SENDS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// A firm on a server.
pub(super) struct Remote {
    client: Client,
    journal: String,
}

impl Remote {
    pub(super) fn new(url: &str, key: TokenKey, firm: &FirmId) -> Self {
        let client = Client::patient(url, key, firm);
        Self { client, journal: format!("/api/v1/platform/firms/{firm}/journal") }
    }

    /// Every page of a list; `visit` is shown each.
    fn pages(
        &self,
        path: &str,
        query: &[(&str, &str)],
        visit: &mut dyn FnMut(Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut cursor: Option<String> = None;
        loop {
            let mut asked = form_urlencoded::Serializer::new(String::new());
            asked.extend_pairs(query).extend_pairs(cursor.iter().map(|cursor| ("cursor", cursor)));
            let mut page = self.client.get(&format!("{}/{path}?{}", self.journal, asked.finish()))?;
            let next = page["page"]["next"].as_str().map(str::to_owned);
            visit(page.take())?;
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The heads of all objects.
    pub(super) fn heads(&self) -> anyhow::Result<Heads> {
        let mut heads = Heads::new();
        self.pages("heads", &[], &mut |page| {
            for object in page["objects"].as_array().into_iter().flatten() {
                let text = |field: &str| object[field].as_str().unwrap_or_default();
                let kind =
                    Kind::parse(text("kind")).with_context(|| format!("an object of kind {}", object["kind"]))?;
                let hash =
                    text("hash").parse().map_err(|wrong| anyhow::anyhow!("the hash of {}: {wrong}", text("name")))?;
                heads.insert((kind, text("name").into()), hash);
            }
            Ok(())
        })?;
        Ok(heads)
    }

    /// Reads the whole journal into a file of lines that is made by `spool`, of one moment: once it is read, every object still stands where
    /// it stood. Gives the lines and how many entries there are.
    pub(super) fn export(
        &self,
        spool: &mut dyn FnMut(usize) -> anyhow::Result<Spool>,
        progress: &dyn Fn(u64),
    ) -> anyhow::Result<(Spool, u64, Digits)> {
        let begun = self.client.post(&format!("{}/exports", self.journal), &json!({}))?;
        let token = begun["export"]["token"].as_str().context("the server gave no export token")?;
        for round in 0..ROUNDS {
            let (mut lines, mut heads, mut entries) = (spool(round)?, Heads::new(), 0);
            self.pages("lines", &[("export", token)], &mut |mut page| {
                let page: Vec<Line> = serde_json::from_value(page["lines"].take()).context("a page of lines")?;
                for line in &page {
                    if let Line::Entry(entry) = line {
                        let kind = Kind::parse(&entry.kind).with_context(|| format!("kind {}", entry.kind))?;
                        heads.insert((kind, entry.object.clone()), entry.hash);
                        entries += 1;
                    }
                }
                lines.add(&page)?;
                progress(entries);
                Ok(())
            })?;
            if self.heads()? == heads {
                return Ok((lines, entries, digest(&heads)));
            }
        }
        anyhow::bail!("the firm was written to {ROUNDS} times while it was read; export it when nobody writes")
    }

    /// Sends lines, again where no answer comes: the same lines change nothing. Whether they were the last.
    pub(super) fn send(&self, lines: &[Line]) -> anyhow::Result<bool> {
        let body = json!({ "format": FORMAT, "lines": lines });
        let mut tries = 1;
        loop {
            match self.client.post(&format!("{}/lines", self.journal), &body) {
                Ok(answer) => return Ok(answer["journal"]["state"] == "complete"),
                Err(error) if tries < SENDS && code_of(&error) == Exit::Failure => {
                    std::thread::sleep(PAUSE * tries);
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes away lines that were sent and not ended.
    pub(super) fn abandon(&self) -> anyhow::Result<()> {
        self.client.delete(&format!("{}/lines", self.journal))
    }
}

/// The digest of the journal whose objects have these heads.
pub(super) fn digest(heads: &Heads) -> Digits {
    let mut digest = JournalDigest::default();
    let mut named: Vec<_> = heads.iter().collect();
    named.sort_unstable_by_key(|((kind, name), _)| (kind.as_str(), name.clone()));
    named.into_iter().for_each(|((kind, name), hash)| digest.add(*kind, name, hash));
    digest.finish()
}
