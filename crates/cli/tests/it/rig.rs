//! A data folder, commands on it, and a server that can be killed.
//!
//! Nothing here measures time: [`PATIENCE`] only bounds how long a failure takes to show.

use std::{
    fmt::Debug,
    io::{BufRead, BufReader, Lines, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use engage_journal::{Sql, sql::first};
use engage_native::sqlite::Db;
use serde_json::Value;

use crate::client::Client;

/// The longest that anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// The key that every server and command of the tests is given.
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Asks again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    settles(|| ask().ok_or(what))
}

/// Asks again until there is an answer, else shows what stood in the way last.
#[track_caller]
pub(crate) fn settles<T, E: Debug>(mut ask: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(obstacle) => assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {obstacle:#?}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Standard output, after checking the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub(crate) fn json(self, code: i32) -> Value {
        let out = self.expect(code);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }
}

/// The binary with these arguments, in an environment of which only the key is ours.
pub(crate) fn engage(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engage"));
    command.args(args).env("ENGAGE_TOKEN_KEY", KEY).env("ENGAGE_LOG", "warn").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A data folder of its own.
pub(crate) struct Rig {
    folder: tempfile::TempDir,
}

impl Rig {
    /// A folder with the firm `acme`.
    pub(crate) fn new() -> Self {
        let rig = Self::empty();
        rig.run(&["firm", "create", "--firm", "acme", "--name", "Acme LLP", "--data", "DATA"]).expect(0);
        rig
    }

    /// A folder that nothing has touched yet; the data go into a folder within it.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder around the data.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the firm `acme`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.data().join("firms/acme").join(name)
    }

    /// Writes a file beside the data.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A command; the word `DATA` stands for the folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let data = self.data();
        let args: Vec<_> = args.iter().map(|arg| if *arg == "DATA" { data.to_str().unwrap() } else { arg }).collect();
        engage(&args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        run(&mut self.command(args))
    }

    pub(crate) fn serve(&self) -> Server {
        Server::start(&mut self.command(&["serve", "--data", "DATA", "--listen", "127.0.0.1:0"]))
    }

    /// A token, as the command prints it.
    pub(crate) fn token(&self, user: &str, role: &str) -> String {
        self.run(&["token", "--firm", "acme", "--user", user, "--role", role]).expect(0).trim().to_owned()
    }

    /// The managing partner's way to a server.
    pub(crate) fn partner(&self, server: &Server) -> Client {
        Client::new(&server.url, &self.token("pat@acme.example", "managing_partner"))
    }

    /// `engage verify`: what it says of `acme`.
    #[track_caller]
    pub(crate) fn verify(&self, code: i32) -> Value {
        let mut report = self.run(&["verify", "--data", "DATA", "--json"]).json(code);
        let firms = report["firms"].as_array_mut().unwrap();
        assert_eq!(firms.len(), 1, "{firms:?}");
        firms.remove(0)
    }

    /// Nothing is wrong in chains and index.
    #[track_caller]
    pub(crate) fn is_sound(&self) {
        let report = self.verify(0);
        for count in ["chainErrors", "missing", "stale", "orphaned", "drifted"] {
            assert_eq!(report[count], 0, "{report:#}");
        }
        assert!(report["objects"].as_u64() > Some(0) && report["entries"].as_u64() > Some(0), "{report:#}");
    }

    /// How many conversations the journal holds, past whatever process owns it.
    pub(crate) fn stored_conversations(&self) -> i64 {
        count(&self.file("journal.db"), "SELECT count(*) FROM object WHERE kind = 'conversation'")
    }
}

/// The number that a query gives; a reader disturbs nobody who writes.
pub(crate) fn count(file: &Path, query: &str) -> i64 {
    let mut db = Db::reader(file).unwrap();
    first(&mut db, query, &[], |row| row.integer(0)).unwrap().unwrap()
}

/// Changes a database that no process owns.
pub(crate) fn spoil(file: &Path, script: &str) {
    Db::index(file).unwrap().script(script).unwrap();
}

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// What it printed before it was ready.
    pub(crate) before: Vec<String>,
    pub(crate) url: String,
    _out: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a command that prints `READY http://…`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (ready, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            let mut before = vec![];
            while let Some(Ok(line)) = lines.next() {
                if let Some(url) = line.strip_prefix("READY ") {
                    let _ = ready.send((before, url.to_owned(), lines));
                    return;
                }
                before.push(line);
            }
        });
        match waiting.recv_timeout(PATIENCE) {
            Ok((before, url, out)) => Self { child, before, url, _out: out },
            Err(error) => {
                let _ = child.kill();
                panic!("it did not get ready ({error}): {:?}", child.wait());
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and the end of it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Closes its standard input, which must be a pipe.
    pub(crate) fn close_input(&mut self) {
        drop(self.child.stdin.take().unwrap());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the server's end", || self.child.try_wait().unwrap())
    }

    /// Asks it to end, and sees that it does so in order.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal(rustix::process::Signal::TERM);
        let ended = self.wait();
        assert_eq!(ended.code(), Some(0), "{ended}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that reads a file which is still being written: it has as much of it as it was fed, and waits for more.
pub(crate) struct Fed {
    child: Child,
}

impl Fed {
    /// Starts a command that reads `/dev/stdin` and feeds it.
    pub(crate) fn start(command: &mut Command, bytes: &[u8]) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
        Self { child }
    }

    pub(crate) fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended before it was killed");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Feeds it the rest and waits for its end.
    pub(crate) fn finish(mut self, bytes: &[u8]) -> Ended {
        // It may have given up already, and then reads no more.
        let _ = self.child.stdin.take().unwrap().write_all(bytes);
        let output = self.child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
