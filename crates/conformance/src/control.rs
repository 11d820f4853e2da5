//! Starting, ending and killing a target by the control contract.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    client::{Answered, Client},
    firm::{Firm, eventually},
    token::KEY,
};

/// The longest that a target may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command line of a target. Words are parted by white space; `{data}` in a word stands for the data folder.
#[derive(Clone, Debug)]
pub struct Command(pub String);

/// Every firm that a case may found, for targets that must know them when they start.
fn firms() -> String {
    let numbered = (0..FIRMS).map(|number| format!("firm-{number}"));
    numbered.chain(["here", "there", "acme"].map(str::to_owned)).collect::<Vec<_>>().join(",")
}

/// Where they ask to be kept, for targets that have the choice.
fn placement() -> String {
    let firms = firms();
    let placed = firms.split(',').map(|firm| (firm.to_owned(), serde_json::json!({ "jurisdiction": "eu" })));
    serde_json::Value::Object(placed.collect()).to_string()
}

/// How many firms cases may found by number: one a case.
const FIRMS: usize = 100;

impl Command {
    fn build(&self, data: &Path) -> std::process::Command {
        let data = data.to_str().unwrap();
        let mut words = self.0.split_whitespace().map(|word| word.replace("{data}", data));
        let mut command = std::process::Command::new(words.next().unwrap());
        // A group of its own, which is killed as a whole: what it starts may hold the folder's files.
        command
            .args(words)
            .env("ENGAGE_TOKEN_KEY", KEY)
            .env("ENGAGE_FIRMS", firms())
            .env("ENGAGE_PLACEMENT", placement())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if std::env::var_os("ENGAGE_LOG").is_none() {
            command.env("ENGAGE_LOG", "off");
        }
        command
    }
}

/// Plants faults in the index of a target that is not running.
pub trait Faults: Sync {
    /// Takes the row of this conversation out of the firm's index.
    fn lose_row(&self, data: &Path, firm: &str, conversation: &str);
    /// Gives the row of this conversation another client's name.
    fn drift_row(&self, data: &Path, firm: &str, conversation: &str);
    /// Takes away everything that the firm's index holds, and its tables.
    fn lose_index(&self, data: &Path, firm: &str);
    /// Has the index take in no new conversation, or take them in again.
    fn refuse(&self, data: &Path, firm: &str, refuse: bool);
}

/// A data folder and how to start a target on it.
pub struct Lab<'a> {
    command: Command,
    folder: tempfile::TempDir,
    answered: Answered,
    faults: Option<&'a dyn Faults>,
}

impl<'a> Lab<'a> {
    pub(crate) fn new(command: &Command, answered: &Answered, faults: Option<&'a dyn Faults>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { command: command.clone(), folder, answered: Answered::clone(answered), faults }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What plants faults. Only cases that need it ask, and they are run only where there is one.
    pub fn faults(&self) -> &'a dyn Faults {
        self.faults.unwrap()
    }

    /// Starts the target.
    #[track_caller]
    pub fn start(&self) -> Target {
        let mut child = self.command.build(&self.data()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (ready, waiting) = mpsc::channel();
        // Reads on to the end, so that a target that says more is never held up.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("READY ") {
                    let _ = ready.send(url.trim().to_owned());
                }
            }
        });
        let url = waiting.recv_timeout(PATIENCE);
        let mut target = Target { child, client: Client::new("", Answered::clone(&self.answered)) };
        let Ok(url) = url else {
            target.kill();
            panic!("the target did not get ready: {}", self.command.0);
        };
        target.client = Client::new(&url, Answered::clone(&self.answered));
        target
    }
}

/// A running target, killed when it is dropped.
pub struct Target {
    child: Child,
    client: Client,
}

impl Target {
    /// Speaks to it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Founds a firm.
    #[track_caller]
    pub fn found(&self, slug: &str) -> Firm {
        let firm = self.firm(slug);
        let body = serde_json::json!({ "name": slug, "timeZone": "America/Chicago" });
        firm.post("firm_admin", "/api/v1/firm", &body).expect(201);
        firm
    }

    /// A firm that is there already.
    pub fn firm(&self, slug: &str) -> Firm {
        Firm::new(self.client.clone(), slug)
    }

    /// SIGKILL to the whole process group, and the end of it.
    pub fn kill(&mut self) {
        self.kill_group();
        self.child.wait().unwrap();
    }

    /// Only the signal: for a thread that is in the middle of other work.
    pub fn kill_group(&self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }

    /// Closes its standard input and sees that it ends in order.
    #[track_caller]
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        let ended = eventually("the target's end", || self.child.try_wait().unwrap());
        assert_eq!(ended.code(), Some(0), "{ended}");
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}
