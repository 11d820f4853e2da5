//! Pictures of the pages, for the documentation: each light and dark, as wide as a desktop and as narrow as a phone.

use std::path::{Path, PathBuf};

use crate::{
    browser::{Browser, Driver},
    stage::{ATTORNEY, OFFICER, PARTNER, Stage, Walk, kind},
};

const SIZES: [(&str, (u32, u32)); 2] = [("wide", (1280, 800)), ("phone", (390, 844))];

/// Takes the page in both themes and both sizes. It is asked for anew in each: what is shown is what somebody is sent.
async fn take(browser: &Browser, folder: &Path, name: &str) {
    for theme in ["light", "dark"] {
        browser.run(&format!("document.cookie = 'engage-theme={theme}; path=/'"), &[]).await;
        for (size, pixels) in SIZES {
            browser.resize(pixels);
            browser.reload().await;
            std::fs::write(folder.join(format!("{name}-{theme}-{size}.png")), browser.picture().await).unwrap();
        }
    }
    browser.resize(SIZES[0].1);
}

/// What the pictures of a page are called: `/conversations/{id}` is a `conversation`.
fn name(path: &str) -> String {
    let kind = kind(path);
    let parts: Vec<_> = kind.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        [.., place, "{id}"] => place.trim_end_matches('s').to_owned(),
        parts => parts.join("-"),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it makes pictures and tests nothing; cargo xtask screenshots"]
async fn pictures() {
    let folder = PathBuf::from(std::env::var_os("ENGAGE_SCREENSHOTS").expect("ENGAGE_SCREENSHOTS names a folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let driver = Driver::start().expect("pictures need chromedriver");
    let (stage, browser) = (Stage::new(), driver.browser(true).await);
    browser.hide_scrollbars();
    browser.open(&stage.at("/sign-in")).await;
    take(&browser, &folder, "sign-in").await;
    // Others have looked around, also where they may not, for what is told of that.
    for role in [OFFICER, ATTORNEY] {
        stage.enter(&browser, role).await;
        let mut walk = Walk::from(&browser).await;
        while walk.next(&stage, &browser).await.is_some() {}
    }
    browser.open(&stage.at("/audit")).await;
    browser.forgives("403");
    browser.open(&stage.at("/queue")).await;
    take(&browser, &folder, "queue").await;
    stage.enter(&browser, PARTNER).await;
    let mut walk = Walk::from(&browser).await;
    while let Some(path) = walk.next(&stage, &browser).await {
        // A partner's own queue is empty.
        if path != "/queue" {
            take(&browser, &folder, &name(&path)).await;
        }
    }
    browser.open(&stage.at("/search?q=custody")).await;
    take(&browser, &folder, "search").await;
    browser.open(&stage.at("/conflicts/check")).await;
    browser.write("main form[action='/conflicts/check'] input[name=name]", "Espinosa, Jamal").await;
    browser.click("main form[action='/conflicts/check'] button.primary").await;
    browser.says("Check another name").await;
    take(&browser, &folder, "conflicts-check").await;
    // Last, for what is done there shows in the firm's pages.
    browser.open(&stage.intake()).await;
    take(&browser, &folder, "intake").await;
    browser.write("textarea[name=content]", "My landlord wants me out by Friday, and I have paid every month.").await;
    browser.write("input[name=name]", "Ada Byron").await;
    browser.click("button.primary").await;
    browser.says("Live").await;
    take(&browser, &folder, "intake-conversation").await;
    browser.close().await;
}
