//! A browser without script: it sends forms, follows no link by itself, and keeps what it was shown.

use axum::{body::to_bytes, http::HeaderMap};
use engage_domain::Role;
use engage_testkit::TestApp;

/// What a browser is shown.
pub(crate) struct Shown {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Shown {
    #[track_caller]
    pub(crate) fn page(self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.text
    }

    #[track_caller]
    pub(crate) fn sent_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers["location"].to_str().unwrap()
    }
}

/// The value under its name in both columns of the page that somebody sees who was overtaken: theirs, and as it is.
#[track_caller]
pub(crate) fn both(shown: &Shown, name: &str) -> [String; 2] {
    assert_eq!(shown.status, 412, "{}", shown.text);
    assert!(shown.text.contains("<h1>Somebody was faster</h1>"));
    let row =
        shown.text.split(&format!("<th scope=\"row\">{name}</th>")).nth(1).unwrap_or_else(|| panic!("{}", shown.text));
    let cell = |at: usize| row.split("<td data-name=").nth(at).unwrap().split_once('>').unwrap().1;
    [1, 2].map(|at| cell(at).split("</td>").next().unwrap().to_owned())
}

/// A browser, signed in or not.
pub(crate) struct Browser<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) cookie: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp, role: Role) -> Self {
        Self { app, cookie: format!("__Host-engage={}", app.token(role)) }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Shown {
        let mut ask = self.app.ask(method, path).header("accept", "text/html").header("cookie", &self.cookie);
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        if let Some(form) = form {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            ask = ask.raw("application/x-www-form-urlencoded", body);
        }
        let response = ask.open().await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Shown { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn see(&self, path: &str) -> Shown {
        self.send("GET", path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Shown {
        self.send("POST", path, Some(form), &[("sec-fetch-site", "same-origin")]).await
    }
}

/// Sends a form of a page, without its proof first: which is refused, and does nothing.
pub(crate) async fn send(browser: &Browser<'_>, page: &str, path: &str, form: &[(&str, &str)]) -> Shown {
    let refused = browser.post(path, form).await;
    assert_eq!(refused.status, 403, "{path}: {}", refused.text);
    assert!(refused.text.contains("The form has expired"), "{path}");
    let csrf = field(page, "csrf").to_owned();
    let whole: Vec<_> = form.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    browser.post(path, &whole).await
}

/// The value of a hidden field.
#[track_caller]
pub(crate) fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let begin = format!("name=\"{name}\" value=\"");
    let at = page.find(&begin).unwrap_or_else(|| panic!("no field {name} in {page}")) + begin.len();
    page[at..].split('"').next().unwrap()
}

/// Where the links of a page lead.
pub(crate) fn links(page: &str) -> Vec<String> {
    page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
}
