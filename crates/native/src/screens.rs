//! Taking up a firm's registry: one thread reads the parties, one makes each screen.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread,
};

use engage_app::screening::{MemoryScreen, MemoryScreens, each_party};
use engage_journal::{Error, registry::Named};

use crate::sqlite::Db;

/// Pages that are read ahead of the slowest screen.
const AHEAD: usize = 8;

type Page = Arc<Vec<(i64, Named)>>;

/// Makes a firm's screens from what its journal holds committed.
pub(crate) fn load(journal: &Path) -> Result<MemoryScreens, Error> {
    let mut db = Db::reader(journal)?;
    let mut screens = MemoryScreens::default();
    thread::scope(|scope| {
        let (senders, makers): (Vec<_>, Vec<_>) = screens
            .each()
            .iter_mut()
            .map(|screen| {
                let (sender, pages) = mpsc::sync_channel(AHEAD);
                (sender, scope.spawn(move || make(screen, &pages)))
            })
            .unzip();
        let read = each_party(&mut db, &mut |page| {
            let page = Arc::new(page);
            for sender in &senders {
                // Who makes no more of it tells why below.
                let _ = sender.send(Arc::clone(&page));
            }
            Ok(())
        });
        drop(senders);
        for maker in makers {
            maker.join().map_err(|_| Error::Corrupt("a screen could not be made".into()))??;
        }
        read
    })?;
    Ok(screens)
}

fn make(screen: &mut MemoryScreen, pages: &mpsc::Receiver<Page>) -> Result<(), Error> {
    for page in pages {
        for (number, Named { party, side }) in &*page {
            screen.keep(*number, party, *side)?;
        }
    }
    Ok(())
}
