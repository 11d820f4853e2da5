//! Importing into a folder that nobody serves: straight to the objects, many rows in flight so that they share commits.

use std::{collections::HashMap, path::Path, sync::Arc};

use engage_app::{Runtime, Standing};
use engage_domain::{
    Actor, Conversation, Firm, FirmId, PracticeArea, UserId,
    conversation::{GoalTemplate, Rejection},
    firm,
    user::UserStatus,
};
use engage_journal::{Call, Intent, Turn};
use engage_native::{Options, Platform};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Conversations, report::Report};
use crate::{
    commands::open,
    exit::{Exit, failed},
    import::Row,
};

/// Rows in flight: enough for full batches, few enough to hold in memory.
const IN_FLIGHT: usize = 256;

type Outcome = (u64, Result<bool, String>);

/// Imports every row of the file.
pub(crate) fn import(command: &Conversations, data: &Path, json: bool, report: &mut Report) -> anyhow::Result<()> {
    let platform = Arc::new(open::existing(data, Options::default())?);
    open::known(&platform, &command.firm)?;
    open::runtime()?.block_on(async {
        let firm = platform.firm(&command.firm).await?;
        let mut reading = command.read(&firm.settings.time_zone, json)?;
        let mut sink = Sink { platform: Arc::clone(&platform), firm: command.firm.clone(), people: HashMap::new() };
        let slots = Arc::new(Semaphore::new(IN_FLIGHT));
        let mut flying: JoinSet<Outcome> = JoinSet::new();
        while let Some(row) = reading.next(report)? {
            let slot = Arc::clone(&slots).acquire_owned().await?;
            match sink.prepare(&row).await? {
                Err(reason) => report.fail(row.line, reason),
                Ok((assignee, goals)) => {
                    let (platform, firm) = (Arc::clone(&platform), command.firm.clone());
                    flying.spawn(async move {
                        let outcome = bring_in(&platform, &firm, &row, assignee, goals).await;
                        drop(slot);
                        (row.line, outcome)
                    });
                }
            }
            while let Some(done) = flying.try_join_next() {
                count(report, done?);
            }
        }
        while let Some(done) = flying.join_next().await {
            count(report, done?);
        }
        anyhow::Ok(())
    })?;
    // Leaves the index caught up, so that a server that starts next has it.
    platform.shut_down(std::time::Duration::from_secs(60));
    Ok(())
}

fn count(report: &mut Report, (line, outcome): Outcome) {
    match outcome {
        Ok(true) => report.imported += 1,
        Ok(false) => report.already_there += 1,
        Err(reason) => report.fail(line, reason),
    }
}

/// Gives whether the conversation is new.
async fn bring_in(
    platform: &Platform,
    firm: &FirmId,
    row: &Row,
    assignee: Option<UserId>,
    goals: Vec<GoalTemplate>,
) -> Result<bool, String> {
    let call = Call::new(Actor::SYSTEM, Intent::Command(row.command(assignee, goals)));
    match platform.call::<Conversation>(firm, row.conversation_id, call).await {
        Ok(Turn::Done(_)) => Ok(true),
        Ok(Turn::Rejected(Rejection::AlreadyStarted)) => Ok(false),
        Ok(Turn::Rejected(rejection)) => Err(rejection.to_string()),
        Ok(other) => Err(format!("the conversation could not be brought in: {other:?}")),
        Err(fault) => Err(format!("{:#}", anyhow::Error::from(fault))),
    }
}

struct Sink {
    platform: Arc<Platform>,
    firm: FirmId,
    /// Who is responsible, as the file says it, and whom that is.
    people: HashMap<String, Option<UserId>>,
}

impl Sink {
    /// Looks up what the row needs: its assignee and its area's goals. The inner error is the row's alone.
    async fn prepare(&mut self, row: &Row) -> anyhow::Result<Result<(Option<UserId>, Vec<GoalTemplate>), String>> {
        let goals = match &row.practice_area {
            Some((area, name)) => self.area(area, name).await?,
            None => vec![],
        };
        let Some(text) = &row.assigned_to else { return Ok(Ok((None, goals))) };
        Ok(match self.person(text).await? {
            Some(user) => Ok((Some(user), goals)),
            None => Err(format!("assignedTo {text:?} is not an active member of the firm")),
        })
    }

    async fn area(&self, area: &PracticeArea, name: &str) -> anyhow::Result<Vec<GoalTemplate>> {
        let firm = self.platform.firm(&self.firm).await?;
        if firm.settings.practice_areas.iter().any(|known| known.id == *area) {
            return Ok(firm.goals_of(area).to_vec());
        }
        let add = firm::Command::AddPracticeArea { id: area.clone(), name: name.to_owned() };
        let call = Call::new(Actor::SYSTEM, Intent::Command(add));
        match self.platform.call::<Firm>(&self.firm, self.firm.clone(), call).await? {
            Turn::Done(_) => Ok(vec![]),
            other => Err(failed(Exit::Failure, format!("the practice area {area} could not be added: {other:?}"))),
        }
    }

    async fn person(&mut self, text: &str) -> anyhow::Result<Option<UserId>> {
        if let Some(known) = self.people.get(text) {
            return Ok(*known);
        }
        let user = UserId::from_subject(&self.firm, text);
        let standing = self.platform.standing(&self.firm, user).await?;
        let works_here = |standing: &Standing| standing.status == UserStatus::Active && standing.role.is_staff();
        let found = standing.filter(works_here).map(|_| user);
        self.people.insert(text.to_owned(), found);
        Ok(found)
    }
}
