//! What happens between browsers: what one says another sees, and a server that goes and comes back.

use crate::{
    browser::Driver,
    stage::{ATTORNEY, PARTNER, Stage},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_firm_finds_a_conversation_and_speaks_with_its_client() {
    let Some(driver) = Driver::start() else { return };
    let mut stage = Stage::new();
    let (partner, attorney) = (driver.browser(true).await, driver.browser(true).await);
    stage.enter(&partner, PARTNER).await;
    // From a figure to its rows, and on by a filter that applies when it is chosen.
    partner.click("a.figure[href*='status=active']").await;
    partner.says("Conversations").await;
    partner.goes_to("status=active").await;
    partner.choose("select[name=phase]", "secured").await;
    partner.goes_to("phase=secured").await;
    partner.says("All conversations").await;
    partner.click("thead .c-client a").await;
    partner.says("by client").await;
    partner.click("tbody tr:first-child th a").await;
    partner.says("Live").await;
    let talk = partner.address().await;

    // What one says the other sees, without doing anything for it.
    stage.enter(&attorney, ATTORNEY).await;
    attorney.open(&talk).await;
    attorney.says("Live").await;
    partner.write("textarea[name=content]", "We have read your papers.").await;
    partner.click("form[action$='/messages'] button").await;
    attorney.says("We have read your papers.").await;

    // The server goes, and comes back: to whoever looks on, and to whoever has no script and asks again.
    let plain = driver.browser(false).await;
    stage.enter(&plain, ATTORNEY).await;
    plain.open(&talk).await;
    stage.server.kill();
    attorney.says("Offline").await;
    partner.says("Offline").await;
    stage.restart();
    attorney.says("Live").await;
    partner.says("Live").await;
    attorney.forgives("net::ERR_");
    partner.forgives("net::ERR_");
    partner.write("textarea[name=content]", "Here again.").await;
    partner.click("form[action$='/messages'] button").await;
    attorney.says("Here again.").await;
    plain.reload().await;
    plain.says("Here again.").await;
    plain.write("textarea[name=content]", "Here without script.").await;
    plain.click("form[action$='/messages'] button").await;
    attorney.says("Here without script.").await;
    plain.close().await;
    partner.close().await;
    attorney.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_answered_while_looking_on() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::new();
    let (client, attorney) = (driver.browser(true).await, driver.browser(true).await);
    client.open(&stage.intake()).await;
    client.write("textarea[name=content]", "My landlord wants me out by Friday.").await;
    client.write("input[name=name]", "Ada Byron").await;
    client.click("button.primary").await;
    client.says("Live").await;
    stage.enter(&attorney, ATTORNEY).await;
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
async fn an_administrator_sets_goals_and_holds_index_and_chains_to_what_was_recorded() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::new();
    for (script, area) in [(true, "Maritime law"), (false, "Space law")] {
        let browser = driver.browser(script).await;
        stage.enter(&browser, PARTNER).await;
        browser.open(&stage.at("/settings")).await;
        let add = "form[action='/settings/practice-areas']";
        browser.write(&format!("{add} input[name=name]"), area).await;
        browser.click(&format!("{add} button")).await;
        browser.says("Name and goals").await;
        browser.write("input[name='goal.0.title']", "Know where it happened").await;
        browser.choose("select[name='goal.0.priority']", "critical").await;
        browser.click("form.stack button.primary").await;
        // A goal can be taken away once it is there.
        browser.click("input[name='goal.0.gone']").await;
        browser.open(&stage.at("/settings")).await;
        browser.says(area).await;
        browser.says("Know where it happened").await;

        browser.open(&stage.at("/platform")).await;
        browser.click("button[name=dryRun][value=true]").await;
        browser.says("Every row agrees with the journal").await;
        browser.open(&stage.at("/audit")).await;
        browser.click("form[action='/audit/verification'] button").await;
        browser.says("Every chain is whole").await;
        browser.open(&stage.at("/users")).await;
        browser.says("just now").await;
        browser.close().await;
    }
}
