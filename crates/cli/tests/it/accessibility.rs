//! Every page, held to the rules of axe-core in both themes and two sizes. With it goes what a browser's console has to say of each.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Driver},
    stage::{ATTORNEY, FORBIDDEN, PARTNER, Stage, Walk, paint},
};

/// Of a desktop and a phone.
const SIZES: [(u32, u32); 2] = [(1440, 900), (390, 844)];

/// Holds the document to all rules, or to one of them; those of WCAG 2.2 that are off by default, too.
const CHECK: &str = "
    const [rule, done] = arguments;
    const only = rule ? { runOnly: [rule] } : { rules: { 'target-size': { enabled: true } } };
    axe.run(document, { ...only, resultTypes: ['violations'] }).then(
        ({ violations }) => done(violations.map(({ id, help, nodes }) =>
            `${id} (${help}): ` + nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`).join('; '))),
        (error) => done([String(error)]));";

/// The text of axe-core, which the task `test` fetches into the folder in which cargo builds.
fn axe() -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?;
    let text = std::fs::read_to_string(target.join("axe/node_modules/axe-core/axe.min.js"));
    if text.is_err() {
        eprintln!(
            "SKIPPED: no page was held to the rules of accessibility, for axe-core is not there (cargo xtask test fetches it)"
        );
    }
    text.ok()
}

/// What was found, page by page.
struct Findings {
    axe: String,
    found: Vec<String>,
}

impl Findings {
    /// Holds the page to the rules as it stands: all of them in each size, and in the other theme what colours can break.
    async fn check(&mut self, browser: &Browser, page: &str) {
        browser.run(&self.axe, &[]).await;
        for size in SIZES {
            browser.resize(size);
            for (theme, rule) in [("light", Value::Null), ("dark", json!("color-contrast"))] {
                paint(browser, theme).await;
                let violations = browser.run_to_end(CHECK, &[rule]).await;
                let violations = violations.as_array().unwrap().iter().filter_map(Value::as_str);
                self.found.extend(violations.map(|one| format!("{page} ({theme}, {}): {one}", size.0)));
            }
        }
        browser.resize(SIZES[0]);
        self.found.extend(browser.errors().into_iter().map(|error| format!("{page}: on the console: {error}")));
    }
}

/// Breaks the page, and sees that it is found.
async fn finds_what_is_broken(axe: &str, browser: &Browser) {
    let mut findings = Findings { axe: axe.to_owned(), found: vec![] };
    let broken = "
        document.querySelector('main').append(new Image(9, 9));
        document.querySelector('main p').style.color = '#606060';
        console.error('broken');";
    browser.run(broken, &[]).await;
    findings.check(browser, "broken").await;
    for expected in ["broken (light, 1440): image-alt", "broken (dark, 390): color-contrast", "on the console"] {
        assert!(findings.found.iter().any(|one| one.contains(expected)), "no {expected} in {:#?}", findings.found);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_breaks_a_rule_of_accessibility_or_has_errors() {
    let Some(driver) = Driver::start() else { return };
    let Some(axe) = axe() else { return };
    let (stage, mut findings) = (Stage::new(), Findings { axe, found: vec![] });
    let browser = driver.browser(true).await;

    browser.open(&stage.at("/sign-in")).await;
    findings.check(&browser, "sign-in").await;
    finds_what_is_broken(&findings.axe, &browser).await;
    browser.open(&stage.intake()).await;
    findings.check(&browser, "intake").await;
    browser.write("textarea[name=content]", "My landlord wants me out by Friday.").await;
    browser.click("button.primary").await;
    browser.says("Live").await;
    findings.check(&browser, "intake, begun").await;

    stage.enter(&browser, PARTNER).await;
    let mut walk = Walk::from(&browser).await;
    while let Some(path) = walk.next(&stage, &browser).await {
        findings.check(&browser, &path).await;
    }
    // What no link leads to: an answer, a grid that is empty for its filters, a denser one, a page that is not there, and one that is not for all.
    browser.open(&stage.at("/conflicts/check")).await;
    browser.write("main form[action='/conflicts/check'] input[name=name]", "Espinosa, Jamal").await;
    browser.click("main form[action='/conflicts/check'] button.primary").await;
    browser.says("Check another name").await;
    findings.check(&browser, "a checked name").await;
    for path in [
        "/conversations?status=terminated&conflictStatus=pending&phase=secured",
        "/conversations?density=dense&columns=email,version,id",
        "/search?q=custody",
        "/search",
    ] {
        browser.open(&stage.at(path)).await;
        findings.check(&browser, path).await;
    }
    // A look beside the grid with a menu open, rows ticked and to be assigned, and somebody who was faster.
    browser.open(&stage.at("/conversations?sort=clientName")).await;
    browser.click("tbody tr:nth-child(2) .pick button").await;
    browser.says("Open the conversation").await;
    browser.click(".head details summary").await;
    findings.check(&browser, "a preview and a menu").await;
    for row in [3, 4] {
        browser.click(&format!("tbody tr:nth-child({row}) .pick input")).await;
    }
    browser.click("[value=assign]").await;
    browser.says("Assign 2 conversations").await;
    findings.check(&browser, "a selection").await;
    browser.click("main button.primary").await;
    browser.says("Assigned: 2 of 2").await;
    findings.check(&browser, "what came of a selection").await;
    browser.open(&stage.at("/settings")).await;
    browser.run("for (const field of document.querySelectorAll('[name=version]')) field.value = 1;", &[]).await;
    browser.click("main form[action='/settings'] button.primary").await;
    browser.says("Somebody was faster").await;
    browser.forgives("412");
    findings.check(&browser, "both versions").await;
    browser.open(&stage.at("/nowhere")).await;
    browser.forgives("404");
    findings.check(&browser, "404").await;
    stage.enter(&browser, ATTORNEY).await;
    browser.open(&stage.at("/audit")).await;
    browser.says(FORBIDDEN).await;
    browser.forgives("403");
    findings.check(&browser, "403").await;
    browser.close().await;
    assert!(findings.found.is_empty(), "{}", findings.found.join("\n"));
}
