//! Engage inside another program: no server, no HTTP, a temporary data folder.
//!
//! `cargo run -p engage-native --example embedded`

use std::time::Duration;

use engage_app::{Caller, Engage, Write, conversations::NewConversation};
use engage_domain::{
    ConversationId, FirmId, PracticeArea,
    conversation::{Author, Identity},
    firm::SettingsChange,
};
use engage_index::{ConversationList, Limit};
use engage_native::{Options, Platform};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::open(folder.path(), Options::default())?;
    let firm: FirmId = "acme".parse()?;
    platform.create_firm(&firm, "Acme LLP", SettingsChange::default()).await?;

    // From the secret come the resume tokens of requests that may be repeated: a real program keeps it over restarts.
    let engage = Engage::new(platform, b"a secret that stays the same over restarts");
    let caller = Caller::system(firm);

    for (name, area, words) in [
        ("Jane Roe", "Family law", "My husband has moved out and taken the children."),
        ("John Doe", "Landlord and tenant", "The landlord has changed the locks."),
    ] {
        let id = start(&engage, &caller, name, area).await?;
        // Durable when it returns. `Write::default()`: no idempotency key, whatever the version.
        let said = engage.add_message(&caller, id, &Write::default(), Author::User, words.into()).await?;
        println!("{name}: {id} is at version {}", said.state.version);
        detail(&engage, &caller, id).await?;
    }
    list(&engage, &caller).await
}

async fn start(engage: &Engage<Platform>, caller: &Caller, name: &str, area: &str) -> Result<ConversationId> {
    let practice_area: PracticeArea = area.parse()?;
    let identity = Identity { name: Some(name.into()), ..Identity::default() };
    let new = NewConversation { identity, practice_area: Some(practice_area), external_id: None };
    Ok(engage.start_conversation(caller, &Write::default(), new).await?.id)
}

/// The detail comes from the object itself, and leaves an entry that says who has read it.
async fn detail(engage: &Engage<Platform>, caller: &Caller, id: ConversationId) -> Result<()> {
    let page = engage.conversation(caller, id).await?;
    for message in &page.messages {
        let words = message.content.as_ref().map_or("(erased)", |content| content.as_str());
        println!("  {} {}: {words}", message.timestamp, message.role.as_str());
    }
    Ok(())
}

/// The list comes from the index, which follows the journal. Here the program waits until it holds
/// everything; a server waits for one write, whose consistency token a request carries.
async fn list(engage: &Engage<Platform>, caller: &Caller) -> Result<()> {
    let caught_up = engage.runtime().catch_up(&caller.firm, Duration::from_secs(5)).await?;
    let list = ConversationList {
        firm: caller.firm.clone(),
        filters: Default::default(),
        order: Default::default(),
        after: None,
        limit: Limit::default(),
    };
    let page = engage.list_conversations(caller, list, None).await?;
    println!("\nthe list as of {}, caught up: {caught_up}", page.freshness.as_of);
    for row in &page.rows {
        let name = row.client_name.as_ref().map_or("?", |name| name.as_str());
        println!("  {name:10} {:?} version {}", row.practice_area, row.version);
    }
    Ok(())
}
