//! The registry's rows against its entries.

use engage_domain::{
    Actor, Firm, PartyId,
    firm::Command,
    registry::{Party, PartyRole},
};
use engage_journal::{Call, Intent, Sql};

use crate::rig::{Rig, conversation, done, eventually, firm, start};

/// Two conversations whose parties are adverse, and a party of none.
async fn rig() -> Rig {
    let mut rig = Rig::new().await;
    for (number, role, name) in [(1, PartyRole::Client, "Jane Roe"), (2, PartyRole::OpposingParty, "Roe, Jane")] {
        rig.tell(number, start()).await;
        register(&rig, Party { conversation: Some(conversation(number)), ..Party::named(role, name) }).await;
    }
    register(&rig, Party::named(PartyRole::Client, "Ada Quist")).await;
    for number in 1..=2 {
        eventually("the outcome", || async {
            rig.peek_conversation(number).await.filter(|state| state.frozen_since.is_some())
        })
        .await;
    }
    rig.caught_up().await;
    rig.settle();
    rig
}

async fn register(rig: &Rig, party: Party) {
    let id = PartyId::of(&firm("acme"), party.conversation, party.role.as_str(), party.name.as_str());
    let command = Command::Register { id, party: Box::new(party) };
    done(rig.call::<Firm>(firm("acme"), Call::new(Actor::SYSTEM, Intent::Command(command))).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_the_registry_that_its_entries_do_not_tell_of_shows() {
    let rig = rig().await;
    let whole = std::fs::read(rig.file("journal.db")).unwrap();
    let shown = |tampering: &str| -> Vec<String> {
        rig.journal().script(tampering).unwrap();
        let chain = rig.check().chain;
        std::fs::write(rig.file("journal.db"), &whole).unwrap();
        chain
            .into_iter()
            .map(|error| format!("{} {}", error.object.split('/').next().unwrap(), error.problem))
            .collect()
    };
    assert_eq!(shown("SELECT 1"), Vec::<String>::new());
    assert_eq!(shown("DELETE FROM party WHERE number = 3"), ["party is missing in the registry"]);
    let renamed = "UPDATE party SET record = replace(record, 'Jane Roe', 'Joan Roe') WHERE number = 1";
    assert_eq!(shown(renamed), ["party differs from what its entries say"]);
    assert_eq!(shown("UPDATE party SET record = '{}' WHERE number = 1"), ["party differs from what its entries say"]);
    let invented = "INSERT INTO party (id, role, record) SELECT '0' || substr(id, 2, 24) || '7', role, record FROM party WHERE number = 3";
    assert_eq!(shown(invented), ["party has no entries"]);
    assert_eq!(shown("DELETE FROM conflict"), ["conflict is missing in the registry"]);
    let cleared = "UPDATE conflict SET record = replace(record, 'detected', 'cleared')";
    assert_eq!(shown(cleared), ["conflict differs from what its entries say"]);
    assert_eq!(shown("UPDATE conflict SET version = version + 1"), ["conflict differs from what its entries say"]);
    assert!(rig.check().is_clean());
}
