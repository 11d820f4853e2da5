//! What staff, and a signed-in client with their own, do with one conversation.

use engage_domain::{
    Conversation, ConversationId, PracticeArea, Role,
    conversation::{Close, Command, ConflictStatus, GoalTemplate, Identity, Phase, Start, Status},
    text::Private,
    token::TokenHash,
};
use engage_journal::Answer;

use crate::{
    Caller, Engage, Error, ResumeToken, Runtime, Write,
    resume::{RESUME_TTL_MS, first_half},
};

/// How a conversation is to begin.
#[derive(Clone, Debug, Default)]
pub struct NewConversation {
    /// What is known of the client already.
    pub identity: Identity,
    /// The practice area, where it is known.
    pub practice_area: Option<PracticeArea>,
    /// What it is called in the system it comes from.
    pub external_id: Option<Private>,
}

/// Where an intake is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseChange {
    /// The phase.
    pub phase: Phase,
    /// The outcome of the conflict check; only with [`Phase::ConflictCheckComplete`].
    pub conflict_status: Option<ConflictStatus>,
}

impl<R: Runtime> Engage<R> {
    /// Begins a conversation. One that a signed-in client begins is theirs.
    pub async fn start_conversation(
        &self,
        caller: &Caller,
        write: &Write,
        new: NewConversation,
    ) -> Result<Answer<Conversation>, Error> {
        if caller.actor.role != Role::Client {
            return Ok(self.start(caller, write, new, false).await?.0);
        }
        let Some(user) = caller.actor.user_id else { return Ok(self.start(caller, write, new, true).await?.0) };
        let (started, token) = self.start(caller, write, new, true).await?;
        // They hold the token that was just issued, so they may take the conversation over.
        let mut holder = caller.clone();
        holder.actor.resume_key = token.as_ref().map(ResumeToken::hash);
        self.command(&holder, started.id, write, 1, Command::Secure { user }).await
    }

    /// Begins a conversation, with a resume token if one is wanted. A repeated command gives the first conversation and its token.
    pub(crate) async fn start(
        &self,
        caller: &Caller,
        write: &Write,
        new: NewConversation,
        resumable: bool,
    ) -> Result<(Answer<Conversation>, Option<ResumeToken>), Error> {
        let id = ConversationId::from_ulid(self.runtime.ulid());
        let NewConversation { identity, practice_area, external_id } = new;
        let goals = self.goals_of(caller, practice_area.as_ref()).await?;
        let token = resumable.then(|| self.resume_token(caller, id, write));
        let resume = token.as_ref().map(|token| (token.hash(), RESUME_TTL_MS));
        let start = Start { identity, practice_area, goals, resume, external_id };
        // What creates has no version to expect.
        let write = &Write { expected: None, ..write.clone() };
        let answer = self.command(caller, id, write, 0, Command::Start(Box::new(start))).await?;
        let token = match token {
            Some(_) if answer.id != id => Some(self.resume_token(caller, answer.id, write)),
            token => token,
        };
        Ok((answer, token))
    }

    /// A token for `conversation`: drawn at random, or, for a command that may be repeated, always the same one.
    pub(crate) fn resume_token(&self, caller: &Caller, conversation: ConversationId, write: &Write) -> ResumeToken {
        let secret = match write.command_id(caller, 0) {
            Some(command) => self.resume_secret.of(&caller.firm, conversation, &command.id),
            None => first_half(&self.runtime.random()),
        };
        ResumeToken::new(&caller.firm, conversation, secret)
    }

    /// The goals that the firm sets for conversations of `area`.
    pub(crate) async fn goals_of(
        &self,
        caller: &Caller,
        area: Option<&PracticeArea>,
    ) -> Result<Vec<GoalTemplate>, Error> {
        match area {
            None => Ok(vec![]),
            Some(area) => Ok(self.runtime.firm(&caller.firm).await?.goals_of(area).to_vec()),
        }
    }

    /// Takes in particulars, and the practice area if it is given.
    pub async fn update_identity(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        identity: Identity,
        practice_area: Option<PracticeArea>,
    ) -> Result<Answer<Conversation>, Error> {
        let classify = match practice_area {
            Some(practice_area) => {
                let goals = self.goals_of(caller, Some(&practice_area)).await?;
                Some(Command::Classify { practice_area, goals })
            }
            None => None,
        };
        match classify {
            None => self.command(caller, id, write, 0, Command::UpdateIdentity(Box::new(identity))).await,
            Some(classify) if identity.is_empty() => self.command(caller, id, write, 0, classify).await,
            Some(classify) => {
                let update = Command::UpdateIdentity(Box::new(identity));
                self.command::<Conversation>(caller, id, write, 0, update).await?;
                self.command(caller, id, write, 1, classify).await
            }
        }
    }

    /// Moves the intake to another phase, with the outcome of the conflict check where that is the phase.
    pub async fn move_phase(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        change: PhaseChange,
    ) -> Result<Answer<Conversation>, Error> {
        let decided = match change.conflict_status {
            Some(_) if change.phase != Phase::ConflictCheckComplete => {
                return Err(Error::invalid("conflictStatus", "goes only with the phase conflict_check_complete"));
            }
            decided => decided,
        };
        let moved = self.command(caller, id, write, 0, Command::MovePhase(change.phase)).await?;
        match decided {
            None => Ok(moved),
            Some(status) => self.command(caller, id, write, 1, Command::DecideConflict(status)).await,
        }
    }

    /// Closes the conversation, or takes it up again.
    pub async fn set_status(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        status: Status,
    ) -> Result<Answer<Conversation>, Error> {
        let command = match status {
            Status::Active => Command::Reopen,
            Status::Completed => Command::Close(Close::Completed),
            Status::Terminated => Command::Close(Close::Terminated),
        };
        self.command(caller, id, write, 0, command).await
    }

    /// Sets a goal.
    pub async fn add_goal(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        goal: GoalTemplate,
    ) -> Result<Answer<Conversation>, Error> {
        self.command(caller, id, write, 0, Command::AddGoal(goal)).await
    }

    /// Marks a goal as reached.
    pub async fn complete_goal(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        goal: String,
    ) -> Result<Answer<Conversation>, Error> {
        self.command(caller, id, write, 0, Command::CompleteGoal { id: goal }).await
    }

    /// Hides the conversation.
    pub async fn delete_conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
    ) -> Result<Answer<Conversation>, Error> {
        self.command(caller, id, write, 0, Command::Delete).await
    }

    /// Brings a deleted conversation back.
    pub async fn restore_conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
    ) -> Result<Answer<Conversation>, Error> {
        self.command(caller, id, write, 0, Command::Restore).await
    }

    /// Puts the conversation on legal hold for a reason, or lifts the hold.
    pub async fn set_legal_hold(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        reason: Option<Private>,
    ) -> Result<Answer<Conversation>, Error> {
        let command = reason.map_or(Command::ReleaseHold, |reason| Command::Hold { reason });
        self.command(caller, id, write, 0, command).await
    }

    /// Issues a new resume token; the one before stops working.
    pub async fn rotate_resume_token(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
    ) -> Result<(Answer<Conversation>, ResumeToken), Error> {
        let token = self.resume_token(caller, id, write);
        let hash: TokenHash = token.hash();
        let rotate = Command::RotateResumeToken { hash, ttl_ms: RESUME_TTL_MS };
        Ok((self.command(caller, id, write, 0, rotate).await?, token))
    }
}
