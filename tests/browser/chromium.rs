//! A headless Chromium with a profile of its own, driven through chromedriver; both end with the value.

use crate::browser::Browser;
use fantoccini::cookies::Cookie;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, getuid, kill_process};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A window of 1280 x 900.
    Desk,
    /// The same without JavaScript.
    NoScript,
    /// 320 CSS pixels wide (WCAG 2.2, 1.4.10).
    Narrow,
    /// 1280 pixels at 200 % (WCAG 2.2, 1.4.4).
    Doubled,
}

/// The driver's process, and its browser's. The driver does not end its browser when it is stopped itself.
struct Driver {
    process: Child,
    browser: Option<Pid>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(browser) = self.browser {
            let _gone = kill_process(browser, Signal::KILL);
        }
        let _gone = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _gone = self.process.wait();
    }
}

/// A browser window.
pub(crate) struct Chromium {
    pub(crate) client: Client,
    origin: String,
    _driver: Driver,
    _profile: tempfile::TempDir,
}

/// Starts chromedriver on a port that the operating system chooses; gives its address.
fn driver(home: &Path) -> (Driver, String) {
    let process = Command::new("chromedriver")
        .arg("--port=0")
        .env("HOME", home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver: install what .ci/packages lists");
    let mut driver = Driver {
        process,
        browser: None,
    };
    let lines = BufReader::new(driver.process.stdout.take().unwrap()).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        })
        .expect("chromedriver says its port");
    (driver, format!("http://127.0.0.1:{port}"))
}

fn options(look: Look, profile: &Path) -> serde_json::Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        format!("--user-data-dir={}", profile.display()),
        "--window-size=1280,900".to_owned(),
        "--force-device-scale-factor=1".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--lang=en-GB".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-background-networking".to_owned(),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
    ];
    // Chromium's own sandbox does not start as root, which tests in containers run as.
    if getuid().is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    let mut options = json!({ "binary": "/usr/bin/chromium", "args": arguments });
    let metrics = |width: u32, ratio: f32| {
        json!({ "deviceMetrics":
            { "width": width, "height": 800, "pixelRatio": ratio, "touch": false, "mobile": false } })
    };
    match look {
        Look::Desk => {}
        Look::NoScript => {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        Look::Narrow => options["mobileEmulation"] = metrics(320, 1.0),
        Look::Doubled => options["mobileEmulation"] = metrics(640, 2.0),
    }
    options
}

impl Chromium {
    /// A browser that nobody is signed in with, for the pages at `origin`.
    pub(crate) async fn start(look: Look, origin: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (mut driver, address) = driver(profile.path());
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".into(), options(look, profile.path()));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .expect("a session of Chromium");
        let process = client
            .capabilities()
            .and_then(|given| given.get("goog:processID"));
        let process = process.and_then(serde_json::Value::as_i64);
        driver.browser = process
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        assert!(
            driver.browser.is_some(),
            "chromedriver names its browser's process"
        );
        Self {
            client,
            origin: origin.to_owned(),
            _driver: driver,
            _profile: profile,
        }
    }

    /// Takes over the session of somebody who is signed in, or nobody's.
    pub(crate) async fn become_like(&self, browser: &Browser) {
        self.open("/assets/icon.svg").await;
        self.client.delete_all_cookies().await.unwrap();
        if let Some((name, value)) = &browser.cookie {
            let cookie = format!("{name}={value}; Domain=127.0.0.1; Path=/; HttpOnly; SameSite=Strict");
            let cookie = Cookie::parse(cookie).unwrap();
            self.client.add_cookie(cookie).await.unwrap();
        }
    }

    /// Opens a page of ours and waits until it is loaded.
    pub(crate) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.unwrap();
    }

    /// The path that is shown.
    pub(crate) async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Waits until a heading with this text is there.
    pub(crate) async fn wait_for_heading(&self, text: &str) {
        let heading = format!("//*[self::h1 or self::h2][contains(normalize-space(.), \"{text}\")]");
        let found = self.client.wait().for_element(Locator::XPath(&heading)).await;
        assert!(found.is_ok(), "no heading {text} at {}", self.path().await);
    }

    /// Waits until a text stands on the page; what neighbouring cells say stands there without a space between.
    pub(crate) async fn wait_for_text(&self, text: &str) {
        let place = format!("//main[contains(normalize-space(.), \"{text}\")]");
        let found = self.client.wait().for_element(Locator::XPath(&place)).await;
        assert!(found.is_ok(), "{text} is not at {}", self.path().await);
    }

    /// Unfolds the details with this summary.
    pub(crate) async fn unfold(&self, text: &str) {
        let summary = format!("//summary[contains(normalize-space(.), \"{text}\")]");
        let found = self.client.find(Locator::XPath(&summary)).await;
        let summary = found.unwrap_or_else(|_| panic!("nothing to unfold: {text}"));
        summary.click().await.unwrap();
    }

    /// Types into the field with this id.
    pub(crate) async fn fill_id(&self, id: &str, text: &str) {
        let found = self.client.find(Locator::Id(id)).await;
        let field = found.unwrap_or_else(|_| panic!("no field {id}"));
        field.send_keys(text).await.unwrap();
    }

    /// Presses the button with this text, and waits for what comes.
    pub(crate) async fn press(&self, text: &str) {
        let button = format!("//button[starts-with(normalize-space(.), \"{text}\")]");
        let found = self.client.find(Locator::XPath(&button)).await;
        let button = found.unwrap_or_else(|_| panic!("no button {text}"));
        button.click().await.unwrap();
    }

    /// Follows the first link that begins so.
    pub(crate) async fn follow(&self, text: &str) {
        let link = format!("//main//a[starts-with(normalize-space(.), \"{text}\")]");
        let found = self.client.find(Locator::XPath(&link)).await;
        let link = found.unwrap_or_else(|_| panic!("no link {text}"));
        link.click().await.unwrap();
    }

    /// Chooses from the list of this name.
    pub(crate) async fn choose(&self, name: &str, value: &str) {
        let list = format!("main select[name=\"{name}\"]");
        let found = self.client.find(Locator::Css(&list)).await;
        let list = found.unwrap_or_else(|_| panic!("no list {name}"));
        list.select_by_value(value).await.unwrap();
    }

    /// Types into the field of this name.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        let field = format!("main [name=\"{name}\"]");
        let found = self.client.find(Locator::Css(&field)).await;
        let field = found.unwrap_or_else(|_| panic!("no field {name}"));
        field.send_keys(text).await.unwrap();
    }

    /// What a script gives; it runs beside the page's own policy.
    pub(crate) async fn ask(&self, script: &str) -> Result<serde_json::Value, CmdError> {
        self.client.execute(script, Vec::new()).await
    }
}
