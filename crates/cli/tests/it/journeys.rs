//! What people do in the browser, with script and without.

use serde_json::Value;

use crate::{
    browser::{Browser, Driver},
    rig::{Rig, Server},
};

/// A demonstration in a folder that is kept, on a port that it is given back.
struct Stage {
    rig: Rig,
    server: Server,
}

impl Stage {
    fn new() -> Self {
        let rig = Rig::empty();
        let server = Self::demo(&rig, "0");
        Self { rig, server }
    }

    fn demo(rig: &Rig, port: &str) -> Server {
        Server::start(&mut rig.command(&["demo", "--port", port, "--data", "DATA", "--json"]))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// The slug of the first firm.
    fn firm(&self) -> String {
        let printed: Value = serde_json::from_str(&self.server.before[0]).unwrap();
        printed["firms"][0]["firm"].as_str().unwrap().to_owned()
    }

    /// Kills the server and starts it again where it was.
    fn restart(&mut self) {
        let port = self.server.url.rsplit(':').next().unwrap().to_owned();
        self.server = Self::demo(&self.rig, &port);
    }
}

/// Signs in as the first person of a role.
async fn enter(browser: &Browser, stage: &Stage, at: usize) {
    browser.open(&stage.at("/sign-in")).await;
    browser.click(&format!("button[name=identity][value='{at}']")).await;
    browser.says("Day by day").await;
}

const PARTNER: usize = 0;
const ATTORNEY: usize = 2;
const OFFICER: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn the_firm_finds_a_conversation_and_speaks_with_its_client() {
    let Some(driver) = Driver::start() else { return };
    let mut stage = Stage::new();
    let (partner, attorney) = (driver.browser(true).await, driver.browser(true).await);
    enter(&partner, &stage, PARTNER).await;
    // From a figure to its rows, and on by a filter that applies when it is chosen.
    partner.click("a.figure[href*='status=active']").await;
    partner.says("Conversations").await;
    assert!(partner.address().await.contains("status=active"));
    partner.choose("select[name=phase]", "secured").await;
    partner.says("All conversations").await;
    for _ in 0..200 {
        if partner.address().await.contains("phase=secured") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(partner.address().await.contains("phase=secured"), "{}", partner.address().await);
    partner.click("thead th:first-child a").await;
    partner.says("by client").await;
    partner.click("tbody tr:first-child th a").await;
    partner.says("Live").await;
    let talk = partner.address().await;

    // What one says the other sees, without doing anything for it.
    enter(&attorney, &stage, ATTORNEY).await;
    attorney.open(&talk).await;
    attorney.says("Live").await;
    partner.write("textarea[name=content]", "We have read your papers.").await;
    partner.click("form[action$='/messages'] button").await;
    attorney.says("We have read your papers.").await;

    // The server goes, and comes back.
    stage.server.kill();
    attorney.says("Offline").await;
    stage.restart();
    attorney.says("Live").await;
    partner.open(&talk).await;
    partner.write("textarea[name=content]", "Here again.").await;
    partner.click("form[action$='/messages'] button").await;
    attorney.says("Here again.").await;
    partner.close().await;
    attorney.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_answered_while_looking_on() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::new();
    let (client, attorney) = (driver.browser(true).await, driver.browser(true).await);
    client.open(&stage.at(&format!("/intake/{}", stage.firm()))).await;
    client.write("textarea[name=content]", "My landlord wants me out by Friday.").await;
    client.write("input[name=name]", "Ada Byron").await;
    client.click("button.primary").await;
    client.says("Live").await;
    enter(&attorney, &stage, ATTORNEY).await;
    attorney.open(&stage.at("/conversations?sort=createdAt")).await;
    attorney.says("Ada Byron").await;
    attorney.click("tbody tr:first-child th a").await;
    attorney.says("My landlord wants me out by Friday.").await;
    attorney.says("Live").await;
    attorney.write("textarea[name=content]", "When did the notice come?").await;
    attorney.click("form[action$='/messages'] button").await;
    client.says("When did the notice come?").await;
    client.write("textarea[name=content]", "On Monday.").await;
    client.click("form[action$='/messages'] button").await;
    attorney.says("On Monday.").await;
    client.close().await;
    attorney.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_done_without_script() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::new();
    let browser = driver.browser(false).await;
    enter(&browser, &stage, PARTNER).await;
    browser.open(&stage.at("/conversations")).await;
    browser.choose("select[name=status]", "active").await;
    browser.click("form.fields button").await;
    browser.says("All conversations").await;
    assert!(browser.address().await.contains("status=active"));
    assert_eq!(browser.count("tbody tr").await, 50);
    browser.click("a[rel=next]").await;
    browser.says("First page").await;
    browser.click("tbody tr:first-child th a").await;
    browser.write("textarea[name=content]", "Said without script.").await;
    browser.click("form[action$='/messages'] button").await;
    browser.says("Said without script.").await;

    // A conflict is resolved, with a reason.
    browser.open(&stage.at("/conflicts")).await;
    browser.click("tbody tr:first-child th a").await;
    browser.says("Why they matched").await;
    let option = "form[action$='/resolution'] select";
    browser.choose(option, "no_conflict").await;
    browser.write("form[action$='/resolution'] textarea", "Another person of the same name.").await;
    browser.click("form[action$='/resolution'] button").await;
    browser.says("Another person of the same name.").await;
    browser.close().await;

    // Who may not is not asked to, and is told why the page is not theirs.
    let officer = driver.browser(false).await;
    enter(&officer, &stage, OFFICER).await;
    officer.open(&stage.at("/conversations")).await;
    officer.click("tbody tr:first-child th a").await;
    officer.says("Your role reads conversations").await;
    assert_eq!(officer.count("textarea").await, 0);
    officer.close().await;
    let attorney = driver.browser(false).await;
    enter(&attorney, &stage, ATTORNEY).await;
    attorney.open(&stage.at("/audit")).await;
    attorney.says("Your role does not reach this page").await;
    attorney.close().await;
}
