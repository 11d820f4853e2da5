//! The pages without a mouse.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Driver},
    stage::{PARTNER, Stage, Walk},
};

/// Keys that write nothing, as WebDriver calls them.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
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
