//! What the registry costs: taking it up, and screening and registering a party in it, durably.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use engage_app::Runtime;
use engage_domain::{
    Firm, FirmId, PartyId, Timestamp, Version,
    firm::{Command, Event},
    registry::{Party, PartyRole, Screening, Side},
};
use engage_journal::{Call, Intent, Turn, registry};
use engage_native::{Options, Platform, sqlite::Db};

use super::{
    Figure,
    dice::Dice,
    rig::{self, Rig, quantile_us},
    screening::{misspelled, party},
};

/// Parties written in one transaction while the registry is filled.
const BATCH: usize = 10_000;

/// Fills a firm's registry with clients and opposing parties, as their entries would have; gives some of their names.
fn fill(journal: &Path, firm: &FirmId, size: usize) -> anyhow::Result<Vec<String>> {
    let (mut db, mut dice, mut known) = (Db::journal(journal)?, Dice::new(7), vec![]);
    let at = Timestamp::from_millis(0);
    for from in (0..size).step_by(BATCH) {
        db.transaction(|db| {
            for number in from..(from + BATCH).min(size) {
                let (role, side) = match number % 2 {
                    0 => (PartyRole::Client, Side::Client),
                    _ => (PartyRole::OpposingParty, Side::Opposing),
                };
                let name = party(&mut dice).name;
                let event = Event::PartyRegistered {
                    at,
                    id: PartyId::named(firm, "bench", &number.to_string()),
                    party: Box::new(Party::named(role, &name)),
                    side,
                    screening: Box::new(Screening { at, registry: Version(1), rules: 1, matches: vec![] }),
                    outcomes: vec![],
                };
                registry::take_in(db, &event, Version(1), 1)?;
                if number % 97 == 0 {
                    known.push(name);
                }
            }
            Ok(())
        })?;
    }
    Ok(known)
}

/// Screens a party of a conversation and registers it; how long that took.
async fn register(platform: &Platform, firm: &FirmId, name: &str) -> anyhow::Result<Duration> {
    let conversation = rig::start(platform, firm).await?;
    let party = Party { conversation: Some(conversation), ..Party::named(PartyRole::Client, name) };
    let id = PartyId::of(firm, party.conversation, party.role.as_str(), name);
    let call = Call::new(rig::attorney(), Intent::Command(Command::Register { id, party: Box::new(party) }));
    let began = Instant::now();
    match platform.call::<Firm>(firm, firm.clone(), call).await? {
        Turn::Done(_) => Ok(began.elapsed()),
        other => anyhow::bail!("a party could not be registered: {other:?}"),
    }
}

/// How long a firm's registry takes to be taken up from its journal, and how long a caller waits for a party to be screened and registered,
/// beside what a message takes.
pub(super) fn registry(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let size = rig.size(10_000, 1_000_000);
    let (platform, firm) = rig.open("registry", Options::default())?;
    let journal = platform.folder().firm(&firm).join("journal.db");
    anyhow::ensure!(platform.shut_down(Duration::from_secs(30)), "the platform did not shut down");
    drop(platform);
    let known = fill(&journal, &firm, size)?;

    let platform = Platform::open(&rig.path("registry"), Options::default())?;
    let (seconds, mut times, mut messages) = rig.tokio.block_on(async {
        // The first one takes the registry up.
        let seconds = register(&platform, &firm, "Nobody In Particular").await?.as_secs_f64();
        let (mut dice, mut times, mut messages) = (Dice::new(9), vec![], vec![]);
        let conversation = rig::start(&platform, &firm).await?;
        for _ in 0..rig.size(50, 1_000) {
            let name = misspelled(&known[dice.below(known.len() as u64) as usize], &mut dice);
            times.push(register(&platform, &firm, &name).await?);
            let began = Instant::now();
            rig::say(&platform, &firm, conversation).await?;
            messages.push(began.elapsed());
        }
        anyhow::Ok((seconds, times, messages))
    })?;
    let bound = 3.0 * size as f64 / 1e6;
    let activate = Figure::new(seconds, bound, seconds / bound, "s").at_most("<= 1", 1.0).with("parties", size);
    let [p50, p99] = [0.5, 0.99].map(|q| quantile_us(&mut times, q));
    let message = quantile_us(&mut messages, 0.5);
    let register = Figure::new(p50, message, p50 / message, "us p50")
        .with_number("p99", p99)
        .with("parties", size)
        .with("baseline_is", "a message");
    Ok(vec![("registry/activate".into(), activate), ("registry/register".into(), register)])
}
