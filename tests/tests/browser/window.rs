//! A browser's window, and what a person sees and does in it. Everything waits until it can be done.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::process::LOOK_EVERY;
use tokio::time::Instant;

use crate::webdriver::{Element, Refused, Session};

/// How long a page may take to become what is expected, on a machine with more to do.
const PATIENCE: Duration = Duration::from_secs(40);
/// Where pictures go, if anybody wants them.
const PICTURES: &str = "PASARELA_TEST_PICTURES";

/// The tabulator, for [`Window::strikes`].
pub const TAB: char = '\u{e004}';
/// The enter key.
pub const ENTER: char = '\u{e007}';

/// A window of a browser of its own.
#[derive(Debug)]
pub struct Window {
    session: Session,
}

impl Window {
    /// The window of a browser that was just started.
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// Goes to an address.
    pub async fn goes_to(&self, address: &str) {
        self.session.post("url", json!({ "url": address })).await.unwrap();
    }

    /// Loads the page anew.
    pub async fn reloads(&self) {
        self.session.post("refresh", json!({})).await.unwrap();
    }

    /// Waits for an address with that in it.
    pub async fn arrives_at(&self, part: &str) {
        self.until(part, async || {
            Ok(self.session.text("url").await?.contains(part).then_some(()))
        })
        .await;
    }

    /// Waits until something that matches is visible.
    pub async fn sees(&self, selector: &str) -> Element {
        self.until(selector, async || {
            let element = self.session.find(selector).await?;
            Ok((self.session.ask(&element, "displayed").await? == true).then_some(element))
        })
        .await
    }

    /// Waits until what matches says that, to eyes or to a screen reader.
    pub async fn reads(&self, selector: &str, words: &str) {
        self.until(&format!("«{words}» in {selector}"), async || {
            let element = self.session.find(selector).await?;
            let said = self.session.ask(&element, "property/textContent").await?;
            Ok(said
                .as_str()
                .is_some_and(|said| said.contains(words))
                .then_some(()))
        })
        .await;
    }

    /// What it says.
    pub async fn text(&self, selector: &str) -> String {
        self.told(selector, "text").await
    }

    /// An attribute; empty where there is none.
    pub async fn attribute(&self, selector: &str, name: &str) -> String {
        self.told(selector, &format!("attribute/{name}")).await
    }

    /// A property of the element as the page's scripts see it.
    pub async fn property(&self, selector: &str, name: &str) -> String {
        self.told(selector, &format!("property/{name}")).await
    }

    /// What a screen reader takes it for.
    pub async fn role(&self, selector: &str) -> String {
        self.told(selector, "computedrole").await
    }

    /// What a screen reader calls it.
    pub async fn name(&self, selector: &str) -> String {
        self.told(selector, "computedlabel").await
    }

    async fn told(&self, selector: &str, question: &str) -> String {
        self.until(selector, async || {
            let element = self.session.find(selector).await?;
            let told = self.session.ask(&element, question).await?;
            Ok(Some(told.as_str().unwrap_or_default().to_owned()))
        })
        .await
    }

    /// Whether anything matches at this moment.
    pub async fn has(&self, selector: &str) -> bool {
        self.session.find(selector).await.is_ok()
    }

    /// Whether what matches is visible at this moment.
    pub async fn is_displayed(&self, selector: &str) -> bool {
        let element = self.session.find(selector).await.unwrap();
        self.session.ask(&element, "displayed").await.unwrap() == true
    }

    /// Asserts that the browser has had nothing to complain about.
    pub async fn has_no_complaints(&self) {
        assert_eq!(self.complaints().await, Vec::<String>::new());
    }

    /// Presses a button or follows a link.
    pub async fn presses(&self, selector: &str) {
        let element = self.sees(selector).await;
        self.session.act(&element, "click", json!({})).await.unwrap();
    }

    /// Types into an empty field, or the name of what is chosen of a list.
    pub async fn types(&self, selector: &str, text: &str) {
        let field = self.sees(selector).await;
        if self.session.ask(&field, "name").await.unwrap() == "input" {
            self.session.act(&field, "clear", json!({})).await.unwrap();
        }
        self.session
            .act(&field, "value", json!({ "text": text }))
            .await
            .unwrap();
    }

    /// Strikes keys, wherever they go.
    pub async fn strikes(&self, keys: impl IntoIterator<Item = char>) {
        let strokes: Vec<Value> = keys
            .into_iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.session
            .post("actions", json!({ "actions": [keyboard] }))
            .await
            .unwrap();
    }

    /// Strikes the tabulator until what matches has the keyboard.
    pub async fn tabs_to(&self, selector: &str) {
        const STROKES_MAX: usize = 20;
        self.sees(selector).await;
        for _ in 0..STROKES_MAX {
            if self.has(&format!("{selector}:focus")).await {
                return;
            }
            self.strikes([TAB]).await;
        }
        panic!("no tabulator leads to {selector}: {}", self.looks_like().await);
    }

    /// Goes into the frame that matches.
    pub async fn enters(&self, selector: &str) {
        let frame = self.sees(selector).await;
        self.session.enter(&frame).await.unwrap();
    }

    /// Out of the frame, whether or not it is still there.
    pub async fn leaves_the_frame(&self) {
        self.session.post("frame/parent", json!({})).await.unwrap();
    }

    /// Runs a script where the window is.
    pub async fn runs(&self, script: &str) -> Value {
        self.session
            .post("execute/sync", json!({ "script": script, "args": [] }))
            .await
            .unwrap()
    }

    /// Asserts that nothing has to be moved sideways to be seen.
    pub async fn fits(&self) {
        let widths = self
            .runs("const page = document.documentElement; return [page.scrollWidth, page.clientWidth, innerWidth];")
            .await;
        let [page, shown, screen] = [0, 1, 2].map(|index| widths[index].as_u64().unwrap());
        assert!(
            page <= shown && page <= screen,
            "{page} of {shown} in {screen}: {}",
            self.looks_like().await
        );
    }

    /// Loads what the frame shows anew, as its menu does; waits until `selector` is visible in the new document.
    pub async fn reloads_the_frame(&self, selector: &str) {
        self.runs("document.documentElement.dataset.old = ''; location.reload()")
            .await;
        self.sees(&format!("html:not([data-old]) {selector}")).await;
    }

    /// Does something in the window that was opened by the last step, closes it and comes back.
    pub async fn in_the_new_window<T>(&self, act: impl AsyncFnOnce() -> T) -> T {
        let ours = self.moves_to_the_new_window().await;
        let outcome = act().await;
        self.session.close_window().await.unwrap();
        self.moves_to(&ours).await;
        outcome
    }

    /// Moves to the window that was opened by the last step; answers the one that was looked at until now.
    pub async fn moves_to_the_new_window(&self) -> Value {
        let ours = self.session.get("window").await.unwrap();
        let opened = self
            .until("a second window", async || {
                let windows = self.session.get("window/handles").await?;
                let windows = windows.as_array().cloned().unwrap_or_default();
                Ok(windows.into_iter().find(|window| *window != ours))
            })
            .await;
        self.moves_to(&opened).await;
        ours
    }

    /// Moves to a window.
    pub async fn moves_to(&self, window: &Value) {
        let handle = json!({ "handle": window });
        self.session.post("window", handle).await.unwrap();
    }

    /// Waits until all windows but one are closed.
    pub async fn is_alone(&self) {
        self.until("one window only", async || {
            let windows = self.session.get("window/handles").await?;
            Ok(windows
                .as_array()
                .is_some_and(|windows| windows.len() == 1)
                .then_some(()))
        })
        .await;
    }

    /// What the browser complained about since the last question: refused content, exceptions, what is missing.
    pub async fn complaints(&self) -> Vec<String> {
        // Chromedriver's own command; WebDriver has none for it.
        let entries = self
            .session
            .post("se/log", json!({ "type": "browser" }))
            .await
            .unwrap();
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Takes a picture for people, if they asked for it by naming a folder.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os(PICTURES) {
            let file = std::path::Path::new(&folder).join(format!("{name}.png"));
            let picture = self.session.text("screenshot").await.unwrap();
            std::fs::write(file, STANDARD.decode(picture).unwrap()).unwrap();
        }
    }

    /// Closes the browser.
    pub async fn closes(self) {
        self.session.end().await.unwrap();
    }

    /// Looks again and again; pages change under one's hands, so a refusal is a reason to look again too.
    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>, Refused>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = look().await;
            if let Ok(Some(found)) = seen {
                return found;
            }
            if Instant::now() > deadline {
                let Refused(why) = seen.err().unwrap_or(Refused(String::new()));
                panic!("no {what} {why}: {}", self.looks_like().await);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn looks_like(&self) -> String {
        self.picture("failed").await;
        let text = async { self.session.ask(&self.session.find("body").await?, "text").await };
        let (address, text) = (self.session.text("url").await, text.await);
        format!(
            "{address:?} shows {text:?}, complaints {:?}",
            self.complaints().await
        )
    }
}
