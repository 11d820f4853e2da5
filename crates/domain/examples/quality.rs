//! The rules without anything around them: commands go in, events come out, no clock, no storage.
//!
//! `cargo run -p engage-domain --example quality`

use engage_domain::{
    Actor, Aggregate, Context, Conversation, Timestamp,
    conversation::{Author, Close, Command, ConflictStatus, Identity, Phase, Rejection},
};

fn main() -> Result<(), Rejection> {
    let mut conversation = Conversation::default();
    let jane =
        Identity { name: Some("Jane Roe".into()), email: Some("jane@roe.example".into()), ..Identity::default() };
    let rest = Identity { phone: Some("555-0100".into()), legal_area: Some("custody".into()), ..Identity::default() };
    let reach = |id: &str| Command::CompleteGoal { id: id.to_owned() };
    let history = [
        Command::Start(Box::default()),
        Command::AddMessage { author: Author::User, content: "My husband has taken the children.".into() },
        Command::UpdateIdentity(Box::new(jane)),
        reach("user_identification"),
        reach("legal_needs_assessment"),
        reach("conflict_check_readiness"),
        Command::UpdateIdentity(Box::new(rest)),
        Command::DecideConflict(ConflictStatus::Clear),
        Command::Close(Close::Completed),
    ];
    println!("{:>8}  {:>7}  what happened", "version", "quality");
    for (minute, command) in history.into_iter().enumerate() {
        let events = run(&mut conversation, &command, minute as i64)?;
        println!("{:>8}  {:>7}  {}", conversation.version, conversation.quality_score(), events.join(", "));
    }

    // A business "no" is a value, and leaves the state as it was.
    let late = Command::AddMessage { author: Author::User, content: "One more thing".into() };
    println!("\na message now: {}", run(&mut conversation, &late, 10).expect_err("it is closed"));
    let skip = Command::MovePhase(Phase::DataGathering);
    run(&mut conversation, &Command::Reopen, 11)?;
    println!("reopened, skipping ahead: {}", run(&mut conversation, &skip, 12).expect_err("there are phases between"));
    Ok(())
}

/// One turn as the journal runs it: decide everything, then apply.
fn run(state: &mut Conversation, command: &Command, minute: i64) -> Result<Vec<&'static str>, Rejection> {
    let now = Timestamp::from_millis(1_800_000_000_000 + minute * 60_000);
    let context = Context::new(&Actor::SYSTEM, now);
    let events = state.decide(command, &context)?;
    for event in &events {
        state.apply(event, state.version.next());
    }
    Ok(events.iter().map(Conversation::action).collect())
}
