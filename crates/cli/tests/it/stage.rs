//! A demonstration for browsers: who can be signed in as, and a walk through all its pages.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    rig::{Rig, Server},
};

/// Roles, as the page of ready identities says them.
pub(crate) const PARTNER: &str = "Managing partner";
pub(crate) const ATTORNEY: &str = "Attorney";
pub(crate) const OFFICER: &str = "Compliance officer";

/// What stands on the page of what is not a role's to do or see.
pub(crate) const FORBIDDEN: &str = "Your role does not reach this page";

/// A demonstration in a folder that is kept, on a port that it is given back.
pub(crate) struct Stage {
    pub(crate) rig: Rig,
    pub(crate) server: Server,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let rig = Rig::empty();
        let server = Self::demo(&rig, "0");
        Self { rig, server }
    }

    fn demo(rig: &Rig, port: &str) -> Server {
        Server::start(&mut rig.command(&["demo", "--port", port, "--data", "DATA", "--json"]))
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// The slug of the first firm.
    pub(crate) fn firm(&self) -> String {
        let printed: Value = serde_json::from_str(&self.server.before[0]).unwrap();
        printed["firms"][0]["firm"].as_str().unwrap().to_owned()
    }

    /// Where the first firm's clients begin.
    pub(crate) fn intake(&self) -> String {
        self.at(&format!("/intake/{}", self.firm()))
    }

    /// Kills the server and starts it again where it was.
    pub(crate) fn restart(&mut self) {
        let port = self.server.url.rsplit(':').next().unwrap().to_owned();
        self.server = Self::demo(&self.rig, &port);
    }

    /// Signs in as the first firm's person of a role.
    pub(crate) async fn enter(&self, browser: &Browser, role: &str) {
        browser.open(&self.at("/sign-in")).await;
        browser.click_on(role).await;
        browser.says("Day by day").await;
    }
}

/// The addresses of the places in the rail.
pub(crate) async fn places(browser: &Browser) -> Vec<String> {
    texts(&browser.run("return [...document.querySelectorAll('.rail li a')].map((place) => place.pathname)", &[]).await)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Goes to every place in the rail and, from there, to the first page of every kind that pages link to: so a page that is added is met, too.
pub(crate) struct Walk {
    ahead: VecDeque<String>,
    kinds: BTreeSet<String>,
}

impl Walk {
    /// A walk from the page that a browser is on.
    pub(crate) async fn from(browser: &Browser) -> Self {
        let mut walk = Self { ahead: VecDeque::new(), kinds: BTreeSet::new() };
        walk.look(browser).await;
        walk
    }

    /// Opens the next page and gives its path; none when all have been seen.
    pub(crate) async fn next(&mut self, stage: &Stage, browser: &Browser) -> Option<String> {
        let path = self.ahead.pop_front()?;
        browser.open(&stage.at(&path)).await;
        self.look(browser).await;
        Some(path)
    }

    /// Notes what the page links to. What leads out of it (`/api/…`) is a file, not a page.
    async fn look(&mut self, browser: &Browser) {
        let links = "return [...document.querySelectorAll('.rail li a, main a[href]')].map((link) => link.pathname)";
        for path in texts(&browser.run(links, &[]).await) {
            if !path.starts_with("/api/") && self.kinds.insert(kind(&path)) {
                self.ahead.push_back(path);
            }
        }
    }
}

/// A path without the ids in it; a practice area's is its slug.
pub(crate) fn kind(path: &str) -> String {
    if path.starts_with("/settings/practice-areas/") {
        return "/settings/practice-areas/{id}".to_owned();
    }
    let is_id = |part: &&str| {
        part.len() == 26 && part.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
    };
    path.split('/').map(|part| if is_id(&part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Has a page look as it does in a theme.
pub(crate) async fn paint(browser: &Browser, theme: &str) {
    browser.run("document.documentElement.dataset.theme = arguments[0]", &[json!(theme)]).await;
}
