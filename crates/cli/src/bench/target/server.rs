//! A server: one that runs already, or one that is started, killed and started again by the control contract of the conformance suite.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    str::FromStr,
    sync::mpsc,
    time::Duration,
};

use anyhow::Context;
use engage_http::token::TokenKey;
use rustix::process::{Pid, Signal, kill_process_group};

use super::side::FIRM;

/// The longest that a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a server is to be found.
#[derive(Clone, Debug)]
pub(in crate::bench) enum Place {
    Url(String),
    Command(String),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        Ok(if is_url { Self::Url(text.trim_end_matches('/').to_owned()) } else { Self::Command(text.to_owned()) })
    }
}

/// A server that runs. One that was started here ends with this.
pub(super) struct Server {
    pub(super) url: String,
    child: Option<Child>,
}

impl Server {
    /// The running server, or one started on `data`.
    pub(super) fn at(place: &Place, data: &Path, key: &TokenKey) -> anyhow::Result<Self> {
        match place {
            Place::Url(url) => Ok(Self { url: url.clone(), child: None }),
            Place::Command(command) => Self::start(command, data, key),
        }
    }

    fn start(command: &str, data: &Path, key: &TokenKey) -> anyhow::Result<Self> {
        let data = std::path::absolute(data).map(PathBuf::into_os_string)?;
        let data = data.to_str().context("the data folder's path is not text")?;
        let mut words = command.split_whitespace().map(|word| word.replace("{data}", data));
        let program = words.next().context("--target and --baseline need a URL or a command line")?;
        let key = std::str::from_utf8(key.as_bytes()).context("the key that signs tokens is not text")?;
        // A group of its own, which is killed as a whole: what it starts may hold the folder's files.
        let mut child = Command::new(&program)
            .args(words)
            .env("ENGAGE_TOKEN_KEY", key)
            .env("ENGAGE_FIRMS", FIRM)
            .env("ENGAGE_LOG", "off")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let output = BufReader::new(child.stdout.take().context("a server without standard output")?);
        let mut server = Self { url: String::new(), child: Some(child) };
        let (ready, waiting) = mpsc::channel();
        // Reads on to the end, so that a server that says more is never held up.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("READY ") {
                    let _ = ready.send(url.trim().to_owned());
                }
            }
        });
        let url = waiting.recv_timeout(PATIENCE);
        server.url = url.with_context(|| format!("this did not print READY and a URL: {command}"))?;
        Ok(server)
    }

    /// SIGKILL to all of it, at once.
    pub(super) fn kill(&self) {
        if let Some(child) = &self.child {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if let Some(child) = &mut self.child {
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_url_is_one_and_all_else_a_command() {
        let url = |text: &str| match text.parse() {
            Ok(Place::Url(url)) => Some(url),
            Ok(Place::Command(_)) => None,
        };
        assert_eq!(url("http://127.0.0.1:8788/").as_deref(), Some("http://127.0.0.1:8788"));
        assert_eq!(url("https://engage.example").as_deref(), Some("https://engage.example"));
        assert_eq!(url("engage serve --data {data}"), None);
    }

    #[test]
    fn a_server_that_does_not_get_ready_is_named() {
        let key = TokenKey::new(*crate::bench::http::KEY);
        let data = tempfile::tempdir().unwrap();
        for (command, told) in
            [("true {data}", "did not print READY"), ("no-such-program {data}", "cannot start"), ("", "need a URL")]
        {
            let error = Server::start(command, data.path(), &key).err().unwrap();
            assert!(format!("{error:#}").contains(told), "{error:#}");
        }
    }
}
