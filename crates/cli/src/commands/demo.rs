//! `engage demo`: three made-up firms to look at.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::bail;
use clap::Args;
use engage_app::{Caller, Engage, Runtime, Write};
use engage_domain::{Actor, Conversation, Firm, FirmId, Role, Timestamp, User, conversation, firm, user};
use engage_http::{
    Identity,
    token::{TokenKey, TokenRequest, issue_token},
};
use engage_journal::{Call, Hosted, Intent, Turn};
use engage_native::{Options, Platform};
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{key::TokenKeyArg, open};
use crate::out::say;
use crate::{
    demo::seed::{self, SeedConversation, SeedFirm, SeedUser, Told},
    exit::Exit,
    server::{self, Server},
};

/// The same firms every time.
const SEED: u64 = 20_261_124;
/// Conversations on their way at once.
const IN_FLIGHT: usize = 128;
/// How long the printed tokens work.
const TOKEN_TTL_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Serves three made-up firms with a year of conversations, on this machine alone. Prints links and tokens to try, then
/// `READY http://…`. In a temporary folder, unless --data says where.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Keep the data in this folder, and go on with it the next time
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The port to listen on, on the loopback address; 0 picks one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Demo {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        server::init_logging();
        // Lives as long as the server; its folder goes with it.
        let temporary = match &self.data {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("engage-demo-").tempdir()?),
        };
        let data = self.data.as_deref().or(temporary.as_ref().map(tempfile::TempDir::path));
        let data = data.expect("either a folder was named or a temporary one was made");
        let platform = Platform::open(data, Options::default())?;
        let key = self.key.get().unwrap_or_else(|| TokenKey::new(platform.random().as_slice()));
        let runtime = open::runtime()?;
        runtime.block_on(async {
            let listen = SocketAddr::from(([127, 0, 0, 1], self.port));
            let firms = seed::firms(SEED, platform.now());
            let mut server = Server::start(platform, listen, key.clone(), false, None, identities(&firms)).await?;
            eprintln!("Writing a year of conversations of {} firms …", firms.len());
            let engage = Arc::clone(server.engage());
            let planted = async {
                for firm in &firms {
                    plant(&engage, firm).await?;
                }
                anyhow::Ok(())
            };
            match server.prepare(planted).await {
                Some(planted) => planted?,
                // The temporary folder goes, too.
                None => return server.end().await,
            }
            let now = server.engage().runtime().now();
            announce(&firms, &server.url(), &key, now, json);
            say!("READY {}", server.url());
            server.run().await
        })
    }
}

async fn plant(engage: &Arc<Engage<Platform>>, firm: &SeedFirm) -> anyhow::Result<()> {
    let platform = engage.runtime();
    ask::<Firm>(platform, &firm.id, firm.id.clone(), firm.create()).await?;
    for person in &firm.staff {
        register(platform, &firm.id, person).await?;
    }
    let slots = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut flying: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let mut told = vec![];
    for conversation in firm.conversations() {
        told.extend(Told::of(&conversation));
        let SeedConversation { id, client, history } = conversation;
        if let Some(client) = &client {
            register(platform, &firm.id, client).await?;
        }
        let slot = Arc::clone(&slots).acquire_owned().await?;
        let (engage, firm) = (Arc::clone(engage), firm.id.clone());
        flying.spawn(async move {
            ask::<Conversation>(engage.runtime(), &firm, id, history).await?;
            drop(slot);
            Ok(())
        });
        while let Some(done) = flying.try_join_next() {
            done??;
        }
    }
    while let Some(done) = flying.join_next().await {
        done??;
    }
    screen(engage, firm, &told).await
}

/// Registers the parties; some of the conflicts that come to light have been looked at.
async fn screen(engage: &Engage<Platform>, firm: &SeedFirm, told: &[Told]) -> anyhow::Result<()> {
    let caller = Caller::system(firm.id.clone());
    for party in firm.parties(told) {
        let registered = match engage.register_party(&caller, &Write::default(), party).await {
            Ok(registered) => registered,
            // Some stories end with a deletion.
            Err(engage_app::Error::Gone) => continue,
            Err(error) => return Err(error.into()),
        };
        // The next time, they are as somebody left them.
        let found = registered.party.screening.conflicts().filter(|_| registered.created);
        for (conflict, likelihood) in found.filter_map(|matched| Some((matched.conflict?, matched.confidence))) {
            if let Some((actor, change)) = firm.looked_at(conflict, likelihood) {
                let mut caller = caller.clone();
                caller.actor = actor;
                engage.change_conflict(&caller, conflict, &Write::default(), change).await?;
            }
        }
    }
    Ok(())
}

async fn register(platform: &Platform, firm: &FirmId, person: &SeedUser) -> anyhow::Result<()> {
    if platform.standing(firm, person.id).await?.is_some() {
        return Ok(());
    }
    ask::<Firm>(platform, firm, firm.clone(), person.claim()).await?;
    ask::<User>(platform, firm, person.id, person.register()).await
}

/// Asks an object as the platform itself. What is there from the last time already is left as it is.
async fn ask<A: Hosted>(platform: &Platform, firm: &FirmId, id: A::Id, command: A::Command) -> anyhow::Result<()>
where
    A::Rejection: AlreadyThere,
{
    match platform.call::<A>(firm, id, Call::new(Actor::SYSTEM, Intent::Command(command))).await? {
        Turn::Done(_) => Ok(()),
        Turn::Rejected(rejection) if rejection.is_already_there() => Ok(()),
        other => bail!("the demonstration could not be written: {other:?}"),
    }
}

/// Tells a repetition from a mistake.
trait AlreadyThere {
    fn is_already_there(&self) -> bool;
}

impl AlreadyThere for firm::Rejection {
    fn is_already_there(&self) -> bool {
        matches!(self, Self::AlreadyExists)
    }
}

impl AlreadyThere for user::Rejection {
    fn is_already_there(&self) -> bool {
        matches!(self, Self::AlreadyRegistered)
    }
}

impl AlreadyThere for conversation::Rejection {
    fn is_already_there(&self) -> bool {
        matches!(self, Self::AlreadyStarted)
    }
}

/// Who can be signed in as: of each firm one person a role.
fn identities(firms: &[SeedFirm]) -> Vec<Identity> {
    let of = |firm: &SeedFirm| {
        let mut roles = vec![];
        let first = |person: &&SeedUser| {
            let is_first = !roles.contains(&person.role);
            roles.push(person.role);
            is_first
        };
        let people = firm.staff.iter().filter(first).map(|person| Identity {
            firm: firm.id.clone(),
            firm_name: firm.name.to_string(),
            email: person.email.clone(),
            name: person.name.clone(),
            role: person.role,
        });
        people.collect::<Vec<_>>()
    };
    firms.iter().flat_map(of).collect()
}

/// Prints who there is, and commands to try.
fn announce(firms: &[SeedFirm], url: &str, key: &TokenKey, now: Timestamp, json: bool) {
    let token = |firm: &SeedFirm, person: &SeedUser| {
        issue_token(
            key,
            &TokenRequest {
                firm: &firm.id,
                subject: &person.email,
                role: person.role,
                issued_at: now,
                ttl_ms: TOKEN_TTL_MS,
                email: None,
                name: None,
            },
        )
    };
    if json {
        let firms: Vec<_> = firms
            .iter()
            .map(|firm| {
                let people: Vec<_> = firm
                    .staff
                    .iter()
                    .map(|person| {
                        let token = token(firm, person);
                        json!({ "email": person.email, "name": person.name, "role": person.role, "token": token })
                    })
                    .collect();
                json!({ "firm": firm.id, "name": firm.name, "conversations": firm.conversation_count(), "people": people })
            })
            .collect();
        say!("{}", json!({ "url": url, "firms": firms }));
        return;
    }
    for firm in firms {
        say!("\n{} ({}), {} conversations", firm.name, firm.id, firm.conversation_count());
        for role in [Role::ManagingPartner, Role::Attorney, Role::ComplianceOfficer] {
            if let Some(person) = firm.staff.iter().find(|person| person.role == role) {
                say!("  {} · {}\n    {}", person.name, role, token(firm, person));
            }
        }
    }
    if let Some((firm, person)) = firms.first().and_then(|firm| Some((firm, firm.staff.first()?))) {
        say!("\nTry, as {}:", person.name);
        say!("  TOKEN={}", token(firm, person));
        say!("  curl -H \"Authorization: Bearer $TOKEN\" '{url}/api/v1/firm/conversations?status=active&limit=5'");
        say!("  curl -H \"Authorization: Bearer $TOKEN\" '{url}/api/v1/firm/search/conversations?q=custody+schedule'");
        say!(
            "  curl -H 'Content-Type: application/json' -d '{{\"firmId\":\"{}\"}}' {url}/api/v1/conversations",
            firm.id
        );
        say!(
            "  curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{{\"name\":\"Espinosa, Jamal\"}}' {url}/api/v1/firm/conflicts/check"
        );
        say!("  curl {url}/api/openapi.json\n");
        say!("Or in a browser, as any of them: {url}\n");
    }
}
