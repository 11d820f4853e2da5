//! A real browser, driven over WebDriver. Where there is no chromedriver, tests that need one say so and are skipped.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator};
use rustix::process::{Pid, Signal};
use serde_json::json;

use crate::rig::PATIENCE;

/// chromedriver, killed with all its browsers when it is dropped.
pub(crate) struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// None where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        // A group of its own, which is killed as a whole: its browsers are in it.
        let Ok(mut child) =
            command.arg("--port=0").process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
        else {
            eprintln!(
                "SKIPPED: no page was opened in a browser, for chromedriver is not installed (chromium, chromium-driver)"
            );
            return None;
        };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says on which port it listens");
        Some(Self { child, url: format!("http://127.0.0.1:{port}") })
    }

    /// A browser of its own, with script or without.
    pub(crate) async fn browser(&self, script: bool) -> Browser {
        let mut options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,900"] });
        if !script {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = json!({ "goog:chromeOptions": options }).as_object().unwrap().clone();
        let mut builder = ClientBuilder::new(connector());
        Browser(builder.capabilities(capabilities).connect(&self.url).await.expect("a browser"))
    }
}

fn connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// One window.
pub(crate) struct Browser(Client);

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.0.goto(url).await.unwrap();
    }

    pub(crate) async fn click(&self, css: &str) {
        self.found(css).await.click().await.unwrap();
    }

    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.found(css).await.send_keys(text).await.unwrap();
    }

    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.found(css).await.select_by_value(value).await.unwrap();
    }

    async fn found(&self, css: &str) -> fantoccini::elements::Element {
        let wait = self.0.wait().at_most(PATIENCE);
        wait.for_element(Locator::Css(css)).await.unwrap_or_else(|error| panic!("no {css}: {error}"))
    }

    /// What a reader sees.
    pub(crate) async fn text(&self) -> String {
        self.found("body").await.text().await.unwrap_or_default()
    }

    pub(crate) async fn address(&self) -> String {
        self.0.current_url().await.unwrap().to_string()
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.0.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Waits until the page says something, without doing anything for it.
    pub(crate) async fn says(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.text().await;
            if seen.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {text:?} in {seen}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }
}
