//! The pages without a mouse.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Driver},
    stage::{ATTORNEY, PARTNER, Stage, Walk},
};

/// Keys that write nothing, as WebDriver calls them.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
const CONTROL: char = '\u{e009}';

/// How often Tab is pressed before it is looked where that led.
const FEW: usize = 25;

/// Numbers what can be gone to, in the document's order, and from then on notes what is: its number and whether it shows that it has the focus.
/// Gives what each is called.
const WATCH: &str = "
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex=\"0\"]')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled);
    window.met = [];
    document.addEventListener('focusin', ({ target }) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(target);
        window.met.push([all.indexOf(target), outlineStyle !== 'none' && outlineWidth !== '0px', target.outerHTML.slice(0, 120)]);
    });
    return all.map((one) => one.outerHTML.slice(0, 120));";

/// What was met, when it is as much as was expected; or in the end, if it is less. Keys are on their way for a while.
const MET: &str = "
    const [expected, done] = arguments;
    const look = (left) => (window.met.length < expected && left ? setTimeout(look, 20, left - 1) : done(window.met));
    look(100);";

#[tokio::test(flavor = "multi_thread")]
async fn the_tab_key_goes_through_every_page_in_order() {
    let Some(driver) = Driver::start() else { return };
    let (stage, browser) = (Stage::new(), driver.browser(true).await);
    browser.open(&stage.at("/sign-in")).await;
    tab_through(&browser, "/sign-in").await;
    browser.open(&stage.intake()).await;
    tab_through(&browser, "intake").await;
    stage.enter(&browser, PARTNER).await;
    let mut walk = Walk::from(&browser).await;
    while let Some(path) = walk.next(&stage, &browser).await {
        tab_through(&browser, &path).await;
    }
    browser.close().await;
}

/// Each thing once, in order, visibly; and out again at the end.
async fn tab_through(browser: &Browser, page: &str) {
    let all = browser.run(WATCH, &[]).await;
    let all = all.as_array().unwrap();
    // A few at a time, and those again that a browser with much to do lost, as long as that leads on.
    let (mut met, mut before) = (json!([]), None);
    while Some(count(&met)) != before && count(&met) < all.len() {
        before = Some(count(&met));
        let until = all.len().min(count(&met) + FEW);
        browser.press(std::iter::repeat_n(TAB, until - count(&met))).await;
        met = browser.run_to_end(MET, &[json!(until)]).await;
    }
    let met = met.as_array().unwrap();
    for (at, expected) in all.iter().enumerate() {
        let Some([number, is_seen, is]) = met.get(at).and_then(Value::as_array).map(Vec::as_slice) else {
            panic!("{page}: the focus stays at {:?}, before {expected}", met.last())
        };
        assert_eq!(number, &json!(at), "{page}: {is} instead of {expected}");
        assert_eq!(is_seen, &json!(true), "{page}: nothing shows that {is} has the focus");
    }
    let is_out = "return document.activeElement === document.body || window.met.length > arguments[0]";
    for _ in 0..3 {
        browser.press([TAB]).await;
        if browser.run(is_out, &[json!(all.len())]).await == json!(true) {
            return;
        }
    }
    panic!("{page}: the focus does not leave the last of the page");
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

/// Presses Tab until something has the focus.
async fn reach(browser: &Browser, css: &str) {
    for _ in 0..300 {
        browser.press([TAB]).await;
        if browser.run("return document.activeElement.matches(arguments[0])", &[json!(css)]).await == json!(true) {
            return;
        }
    }
    panic!("{css} is not reached from the keyboard");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_found_answered_and_left_with_keys_alone() {
    let Some(driver) = Driver::start() else { return };
    let (stage, browser) = (Stage::new(), driver.browser(true).await);
    browser.open(&stage.at("/sign-in")).await;
    reach(&browser, "button[name=identity]").await;
    browser.press([ENTER]).await;
    browser.says("Day by day").await;

    // The first thing that is reached leads past the rail.
    browser.press([TAB]).await;
    let skip = browser.run("const { top } = document.activeElement.getBoundingClientRect(); return [document.activeElement.className, top >= 0]", &[]).await;
    assert_eq!(skip, json!(["skip", true]));
    browser.press([ENTER, TAB]).await;
    let within = "return document.activeElement.closest('main') !== null";
    assert_eq!(browser.run(within, &[]).await, json!(true), "the skip link leads into the page");

    browser.open(&stage.at("/conversations")).await;
    reach(&browser, "select[name=status]").await;
    browser.press("Act".chars()).await;
    browser.goes_to("status=active").await;
    reach(&browser, "tbody th a").await;
    browser.press([ENTER]).await;
    browser.says("Live").await;
    reach(&browser, "textarea[name=content]").await;
    browser.press("Said with keys alone.".chars()).await;
    browser.press_with(CONTROL, ENTER).await;
    browser.says("Said with keys alone.").await;
    reach(&browser, "form[action='/sign-out'] button").await;
    browser.press([ENTER]).await;
    browser.says("Sign in").await;
    browser.close().await;
}

/// Presses a key where nothing is written.
async fn strike(browser: &Browser, key: char) {
    browser.press([key]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grid_is_worked_by_its_keys_and_marks_what_others_change() {
    let Some(driver) = Driver::start() else { return };
    let (stage, browser) = (Stage::new(), driver.browser(true).await);
    stage.enter(&browser, PARTNER).await;
    browser.press("gc".chars()).await;
    browser.goes_to("/conversations").await;
    // Help, and a command by a piece of its name.
    strike(&browser, '?').await;
    browser.says("Keys are on").await;
    browser.press([ESCAPE]).await;
    browser.press_with(CONTROL, 'k').await;
    browser.press("work".chars()).await;
    browser.press([ENTER]).await;
    browser.goes_to("/workload").await;
    browser.press("gc".chars()).await;
    browser.goes_to("/conversations").await;
    // A row is reached, looked at, ticked, and left.
    strike(&browser, 'j').await;
    strike(&browser, 'j').await;
    strike(&browser, ' ').await;
    browser.says("Open the conversation").await;
    assert!(browser.address().await.contains("preview="));
    strike(&browser, 'x').await;
    browser.says("With the 1 ticked:").await;
    browser.press([ESCAPE]).await;
    browser.goes_to("/conversations").await;
    // Somebody else says something in the first conversation: its row is marked where it stands.
    let other = driver.browser(true).await;
    stage.enter(&other, ATTORNEY).await;
    other.open(&stage.at("/conversations?sort=clientName&order=asc&status=active")).await;
    browser.open(&other.address().await).await;
    other.click("tbody tr:nth-child(3) th a").await;
    other.write("textarea[name=content]", "A word.").await;
    other.click("form[action$='/messages'] button").await;
    other.says("A word.").await;
    browser.says("1 update: refresh").await;
    assert_eq!(browser.count("tbody tr:nth-child(3).changed").await, 1);
    browser.click("#updates").await;
    for _ in 0..200 {
        if browser.count("tbody tr.changed").await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(browser.count("tbody tr.changed, #updates").await, 0);
    // Three are ticked, and assigned together.
    strike(&browser, 'j').await;
    for _ in 0..3 {
        strike(&browser, 'x').await;
        strike(&browser, 'j').await;
    }
    browser.says("With the 3 ticked:").await;
    strike(&browser, 'a').await;
    browser.says("Assign 3 conversations").await;
    browser.click("button.primary").await;
    browser.says("Assigned: 3 of 3 conversations").await;
    // A form may have a field of any name, such as what forms themselves are asked for.
    browser.open(&stage.at("/audit")).await;
    browser.choose("select[name=action]", "user_signed_in").await;
    browser.goes_to("action=user_signed_in").await;
    browser.says("The whole trail").await;
    // Switched off, they do nothing; what is pressed with Ctrl still does.
    browser.open(&stage.at("/conversations")).await;
    strike(&browser, '?').await;
    browser.click("dialog input").await;
    browser.press([ESCAPE]).await;
    browser.press("gq".chars()).await;
    browser.press_with(CONTROL, 'k').await;
    browser.says("Commands").await;
    assert!(browser.address().await.ends_with("/conversations"));
    browser.close().await;
    other.close().await;
}
