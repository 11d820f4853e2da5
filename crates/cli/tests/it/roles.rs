//! What each role sees and does in the pages, and what it is refused: with script and without.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Driver},
    stage::{ATTORNEY, FORBIDDEN, OFFICER, PARTNER, Stage, Walk, places},
};

/// The places in the rail of who may see everything.
const PLACES: [&str; 11] = [
    "/overview",
    "/conversations",
    "/queue",
    "/workload",
    "/practice-areas",
    "/conflicts",
    "/audit",
    "/data-access",
    "/users",
    "/settings",
    "/platform",
];

/// Whom there is, what they do not see, and whether they take part in conversations and resolve conflicts.
const ROLES: [(&str, &[&str], bool); 3] =
    [(PARTNER, &[], true), (ATTORNEY, &["/audit", "/data-access", "/platform"], true), (OFFICER, &[], false)];

const RESOLUTION: &str = "form[action$='/resolution']";

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_its_places_and_does_its_work() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::new();
    let (scripted, plain) = (driver.browser(true).await, driver.browser(false).await);
    for (role, withheld, takes_part) in ROLES {
        // One after the other: each takes up what is first in the list.
        for (browser, script) in [(&scripted, true), (&plain, false)] {
            stage.enter(browser, role).await;
            see_places(&stage, browser, withheld).await;
            find_and_reply(&stage, browser, script, takes_part).await;
            resolve(&stage, browser, &format!("{role}, script {script}"), takes_part).await;
        }
    }
    scripted.close().await;
    plain.close().await;
}

/// The rail holds what the role may see, each of which opens; what it does not hold is refused by its address, too.
async fn see_places(stage: &Stage, browser: &Browser, withheld: &[&str]) {
    let shown = places(browser).await;
    let expected: Vec<_> = PLACES.into_iter().filter(|place| !withheld.contains(place)).collect();
    assert_eq!(shown, expected);
    for place in &shown {
        browser.open(&stage.at(place)).await;
        assert_eq!(browser.count("main h1").await, 1, "{place}");
        assert_eq!(browser.count(&format!(".rail a[aria-current=page][href='{place}']")).await, 1, "{place}");
    }
    for place in withheld {
        browser.open(&stage.at(place)).await;
        browser.says(FORBIDDEN).await;
        browser.forgives("403");
    }
}

/// From a figure to its rows; narrowed down, sorted, turned over; a conversation opened, and replied to by who may.
async fn find_and_reply(stage: &Stage, browser: &Browser, script: bool, takes_part: bool) {
    browser.open(&stage.at("/overview")).await;
    browser.click("a.figure[href*='status=active']").await;
    browser.goes_to("/conversations?").await;
    browser.open(&stage.at("/conversations")).await;
    browser.choose("select[name=status]", "active").await;
    if !script {
        browser.click("form.fields button").await;
    }
    browser.goes_to("status=active").await;
    browser.says("All conversations").await;
    assert_eq!(browser.count("tbody tr").await, 40);
    browser.click("thead .c-client a").await;
    browser.says("by client").await;
    assert_eq!(browser.count("thead .c-client[aria-sort]").await, 1);
    browser.click("a[rel=next]").await;
    browser.says("First page").await;
    browser.click("tbody tr:first-child th a").await;
    browser.goes_to("/conversations/").await;
    if takes_part {
        let said = format!("Said with script: {script}.");
        browser.write("textarea[name=content]", &said).await;
        browser.click("form[action$='/messages'] button").await;
        browser.says(&said).await;
    } else {
        browser.says("Your role reads conversations").await;
        assert_eq!(browser.count("textarea").await, 0);
    }
}

/// A conflict is resolved by who may, with a reason.
async fn resolve(stage: &Stage, browser: &Browser, reason: &str, may: bool) {
    browser.open(&stage.at("/conflicts")).await;
    browser.click("tbody tr:first-child th a").await;
    browser.says("Why they matched").await;
    if may {
        browser.choose(&format!("{RESOLUTION} select"), "no_conflict").await;
        browser.write(&format!("{RESOLUTION} textarea"), reason).await;
        browser.click(&format!("{RESOLUTION} button")).await;
        browser.says(reason).await;
    } else {
        assert_eq!(browser.count(RESOLUTION).await, 0);
        browser.says("Your role sees conflicts and does not resolve them").await;
    }
}

/// The forms of the page, by where they go, each filled in and its first button pressed; but not sent.
const FORMS: &str = "
    const sample = { email: 'x@example.com', number: '1', date: '2000-01-01' };
    return [...document.querySelectorAll('main form[method=post]')].map((form) => {
        for (const field of form.elements) {
            if (field.required && !field.value) field.value = field.options?.[field.options.length - 1].value ?? sample[field.type] ?? 'x';
        }
        const fields = Object.fromEntries(new FormData(form, form.querySelector('button')));
        return [new URL(form.action).pathname, fields];
    });";

/// Sends a form that is not on the page, as somebody would who knows of it.
const SEND: &str = "
    const [path, fields] = arguments;
    const form = document.createElement('form');
    form.method = 'post';
    form.action = path;
    fields.csrf = document.querySelector('[name=csrf]').value;
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement('input');
        field.name = name;
        field.value = value;
        form.append(field);
    }
    document.body.append(form);
    form.submit();";

/// Every form of the pages that a browser is offered, by where it goes.
async fn forms(stage: &Stage, browser: &Browser) -> BTreeMap<String, Value> {
    let (mut forms, mut walk) = (BTreeMap::new(), Walk::from(browser).await);
    while walk.next(stage, browser).await.is_some() {
        for form in browser.run(FORMS, &[]).await.as_array().unwrap() {
            forms.insert(form[0].as_str().unwrap().to_owned(), form[1].clone());
        }
    }
    forms
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_a_role_is_not_offered_is_refused() {
    let Some(driver) = Driver::start() else { return };
    let (stage, browser) = (Stage::new(), driver.browser(false).await);
    stage.enter(&browser, PARTNER).await;
    let all = forms(&stage, &browser).await;
    for (role, some) in [
        (ATTORNEY, ["/users", "/settings", "/platform/rebuild"].as_slice()),
        (
            OFFICER,
            ["/users", "/settings", "/platform/reconciliation", "/messages", "/assignment", "/resolution"].as_slice(),
        ),
    ] {
        stage.enter(&browser, role).await;
        let offered = forms(&stage, &browser).await;
        let withheld: Vec<_> = all.iter().filter(|(path, _)| !offered.contains_key(*path)).collect();
        for part in some {
            assert!(
                withheld.iter().any(|(path, _)| path.ends_with(part)),
                "{role} is offered {part}: {:?}",
                offered.keys()
            );
        }
        for (path, fields) in withheld {
            browser.open(&stage.at("/overview")).await;
            browser.run(SEND, &[json!(path), fields.clone()]).await;
            browser.goes_to(path).await;
            let text = browser.text().await;
            assert!(text.contains(FORBIDDEN), "{role} sends {fields} to {path}: {text}");
            browser.forgives("403");
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_a_conversation_and_none_of_the_firms_pages() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::new();
    let args = ["token", "--firm", &stage.firm(), "--user", "ada@byron.example", "--role", "client"];
    let token = stage.rig.run(&args).expect(0);
    for script in [true, false] {
        let browser = driver.browser(script).await;
        browser.open(&stage.at("/sign-in")).await;
        browser.write("input[name=token]", token.trim()).await;
        browser.click("button.primary").await;
        browser.says("These pages are for the firm's own people").await;
        for place in PLACES {
            browser.open(&stage.at(place)).await;
            browser.says("These pages are for the firm's own people").await;
        }
        browser.forgives("403");

        browser.open(&stage.intake()).await;
        browser.write("textarea[name=content]", "My landlord wants me out by Friday.").await;
        browser.click("button.primary").await;
        browser.says("My landlord wants me out by Friday.").await;
        browser.write("textarea[name=content]", "The notice came on Monday.").await;
        browser.click("form[action$='/messages'] button").await;
        browser.says("The notice came on Monday.").await;
        // The same conversation by its link, in a browser that does not hold it yet.
        browser.click("summary").await;
        let link = browser.run("return document.querySelector('details a').href", &[]).await;
        browser.click_on("Forget it on this device").await;
        browser.says("How can we help?").await;
        browser.open(link.as_str().unwrap()).await;
        browser.says("The notice came on Monday.").await;
        browser.close().await;
    }
}
