//! A real browser, driven over WebDriver. Where there is no chromedriver, tests that need one say so and are skipped.

use std::{
    io::{BufRead, BufReader, ErrorKind},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

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
        let mut child = match command
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
        {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!(
                    "SKIPPED: no page was opened in a browser, for chromedriver is not installed (chromium, chromium-driver)"
                );
                return None;
            }
            Err(error) => panic!("chromedriver does not start: {error}"),
        };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says on which port it listens");
        Some(Self { child, url: format!("http://127.0.0.1:{port}") })
    }

    /// A browser of its own, with script or without, of the size of a desktop's.
    pub(crate) async fn browser(&self, script: bool) -> Browser {
        let mut options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,900"] });
        if !script {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let mut builder = ClientBuilder::new(connector());
        let capable = builder.capabilities(capabilities.as_object().unwrap().clone());
        let client = capable.connect(&self.url).await.expect("a browser");
        let session = client.session_id().await.unwrap().expect("a session");
        Browser { session: format!("{}/session/{session}", self.url), client, is_closed: false }
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

/// One window. Close it at the end: what its console holds by then fails the test.
pub(crate) struct Browser {
    client: Client,
    /// Where its driver keeps it, for what only Chromium can be asked.
    session: String,
    is_closed: bool,
}

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    pub(crate) async fn click(&self, css: &str) {
        self.found(Locator::Css(css)).await.click().await.unwrap();
    }

    /// Clicks the first button or link that says something.
    pub(crate) async fn click_on(&self, text: &str) {
        let path = format!("(//*[self::button or self::a][contains(normalize-space(), '{text}')])[1]");
        self.found(Locator::XPath(&path)).await.click().await.unwrap();
    }

    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.found(Locator::Css(css)).await.send_keys(text).await.unwrap();
    }

    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.found(Locator::Css(css)).await.select_by_value(value).await.unwrap();
    }

    async fn found(&self, locator: Locator<'_>) -> fantoccini::elements::Element {
        let wait = self.client.wait().at_most(PATIENCE);
        wait.for_element(locator).await.unwrap_or_else(|error| panic!("no {locator:?}: {error}"))
    }

    /// What a reader sees.
    pub(crate) async fn text(&self) -> String {
        self.found(Locator::Css("body")).await.text().await.unwrap_or_default()
    }

    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Waits until the page says something, without doing anything for it.
    pub(crate) async fn says(&self, text: &str) {
        self.shows(text, async || self.text().await).await;
    }

    /// Waits until the address holds something.
    pub(crate) async fn goes_to(&self, part: &str) {
        self.shows(part, async || self.address().await).await;
    }

    async fn shows(&self, part: &str, look: impl AsyncFn() -> String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = look().await;
            if seen.contains(part) {
                return;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {part:?} in {seen}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs a script of the test in the page, which the page's policy and a browser without script do not concern, and gives what it returns.
    pub(crate) async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.client.execute(script, arguments.to_vec()).await.unwrap()
    }

    /// The same of a script that calls its last argument when it is done.
    pub(crate) async fn run_to_end(&self, script: &str, arguments: &[Value]) -> Value {
        self.client.execute_async(script, arguments.to_vec()).await.unwrap()
    }

    /// Presses keys, one after another.
    pub(crate) async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let each = |key| [KeyAction::Down { value: key }, KeyAction::Up { value: key }];
        self.keys(keys.into_iter().flat_map(each)).await;
    }

    /// Presses a key while another is held.
    pub(crate) async fn press_with(&self, held: char, key: char) {
        let (down, up) = (|value| KeyAction::Down { value }, |value| KeyAction::Up { value });
        self.keys([down(held), down(key), up(key), up(held)]).await;
    }

    async fn keys(&self, actions: impl IntoIterator<Item = KeyAction>) {
        let keyboard = actions.into_iter().fold(KeyActions::new("keyboard".into()), |all, action| all.then(action));
        self.client.perform_actions(keyboard).await.unwrap();
    }

    /// Gives the window the size of a screen: a phone's, too, which no window is narrow enough for.
    pub(crate) fn resize(&self, (width, height): (u32, u32)) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.emulate("Emulation.setDeviceMetricsOverride", &metrics);
    }

    fn emulate(&self, command: &str, parameters: &Value) {
        self.ask("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// Shows no bars to scroll it.
    pub(crate) fn hide_scrollbars(&self) {
        self.emulate("Emulation.setScrollbarsHidden", &json!({ "hidden": true }));
    }

    /// What it shows, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// The errors on its console since it was last asked: of scripts, of the network, and what the page's policy forbade.
    pub(crate) fn errors(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "browser" }));
        let severe = log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Expects errors on the console, all of which say the same, and takes them away.
    pub(crate) fn forgives(&self, expected: &str) {
        let errors = self.errors();
        assert!(!errors.is_empty(), "there is no {expected:?} on the console");
        assert!(errors.iter().all(|error| error.contains(expected)), "not only {expected:?}: {errors:#?}");
    }

    /// Something that WebDriver itself has no words for.
    fn ask(&self, path: &str, body: &Value) -> Value {
        let mut answer = ureq::post(format!("{}/{path}", self.session)).send(body.to_string()).unwrap();
        let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        answer["value"].clone()
    }

    pub(crate) async fn close(mut self) {
        self.is_closed = true;
        let errors = self.errors();
        self.client.clone().close().await.unwrap();
        assert!(errors.is_empty(), "on the console: {errors:#?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        assert!(
            self.is_closed || std::thread::panicking(),
            "a browser is to be closed, for its console to be looked at"
        );
    }
}
