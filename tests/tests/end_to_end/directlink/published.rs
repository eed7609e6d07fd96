//! A library that others publish signs a shop's requests and checks what the shop is told, and both sides agree.
//!
//! No client of DirectLink is on the registries that tests may use. What they have is a library that composes and checks the
//! protocol's signatures, for the page that it was written for and for DirectLink alike; the requests are posted by this test.
//! Where Python or its registry cannot be had, this says so and shows nothing.
#![allow(clippy::print_stderr, reason = "tests say what they left out")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Map, Value, json};
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::directlink::answer::NcResponse;
use tests::directlink::feedback::Feedback;
use tests::directlink::signature::Hash;
use tests::directlink::{Charset, MAINTENANCE, ORDER, QUERY, Request, Shop};
use tests::published::{installed, run};
use tests::system::System;

use super::{account, opened, until};

const REQUIREMENTS: &str = include_str!("published/requirements.txt");
const SCRIPT: &str = include_str!("published/sign.py");

/// The library, waiting for something to sign.
struct Library {
    child: Child,
    asked: ChildStdin,
    answered: BufReader<ChildStdout>,
}

impl Library {
    /// The library, or why there is none.
    fn start() -> Result<Self, String> {
        let pins = format!("{REQUIREMENTS}{SCRIPT}");
        let folder = installed("directlink", &pins, |folder| {
            let environment = folder.join("venv");
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
            for (name, text) in [("requirements.txt", REQUIREMENTS), ("sign.py", SCRIPT)] {
                std::fs::write(folder.join(name), text).map_err(|error| error.to_string())?;
            }
            // It is from before there were wheels, and is not to be built: its source is all that is wanted.
            run(Command::new(environment.join("bin/pip"))
                .args(["download", "--quiet", "--disable-pip-version-check", "--no-deps"])
                .args(["--require-hashes", "--requirement"])
                .arg(folder.join("requirements.txt"))
                .arg("--dest")
                .arg(folder))?;
            run(Command::new("python3")
                .args(["-m", "zipfile", "--extract"])
                .args([folder.join("django-ogone-0.1.zip"), folder.join("library")]))
        })?;
        let mut child = Command::new("python3")
            .arg(folder.join("sign.py"))
            .arg(folder.join("library"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (asked, answered) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Ok(Self {
            child,
            asked,
            answered: BufReader::new(answered),
        })
    }

    /// The signature it makes.
    fn signs(&mut self, pairs: &[(String, String)], hash: &str, passphrase: &str) -> String {
        let parameters: Map<String, Value> = pairs
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let question = json!({ "parameters": parameters, "hash": hash, "passphrase": passphrase });
        writeln!(self.asked, "{question}").unwrap();
        let mut signature = String::new();
        self.answered.read_line(&mut signature).unwrap();
        assert!(!signature.is_empty(), "the library has no answer to {question}");
        signature.trim().to_owned()
    }

    /// Posts a request with its signature instead of our own.
    async fn posts(&mut self, shop: &Shop, hash: &str, page: &str, request: &Request) -> NcResponse {
        let signed = shop.signed(request).without("SHASIGN");
        let signature = self.signs(signed.pairs(), hash, &shop.account.sha_in);
        let body = signed.with("SHASIGN", signature).body(Charset::Utf8);
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        NcResponse::of(&shop.sends(page, form, body).await.unwrap())
    }

    /// Panics unless it finds what a shop was told to be rightly signed.
    fn accepts(&mut self, told: &Feedback, hash: &str, shop: &Shop) {
        let pairs: Vec<_> = told
            .names()
            .into_iter()
            .map(|name| (name.to_owned(), told.get(name)))
            .collect();
        let signature = self.signs(&pairs, hash, &shop.account.sha_out);
        assert_eq!(signature, told.get("SHASIGN"), "{told:?}");
        let stranger = self.signs(&pairs, hash, "another passphrase");
        assert_ne!(stranger, told.get("SHASIGN"));
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_published_library_and_the_gateway_agree_on_every_signature() {
    let mut library = match Library::start() {
        Ok(library) => library,
        Err(why) => {
            eprintln!("SKIPPED: no published library of the protocol: {why}");
            return;
        }
    };
    let system = System::start().await;
    for (name, hash) in [
        ("sha1", Hash::Sha1),
        ("sha256", Hash::Sha256),
        ("sha512", Hash::Sha512),
    ] {
        let hooks = format!("{}/merchant/hooks/library-{name}", system.outside.url());
        let said = json!({ "feedback_on_redirect": true, "post_sale_accept_url": hooks });
        let shop = opened(&system, account(&system, &format!("library-{name}"), hash), said).await;

        // An order with everything that a browser tells, authorised, captured, asked for, and given back.
        let card = Card::numbered("4874970686672022", "737");
        let order = shop
            .authenticated_order(22_050, &card)
            .with("COM", "Café molido")
            .with("ACCEPTURL", "https://shop.example/accepted");
        let waiting = library.posts(&shop, name, ORDER, &order).await;
        assert_eq!(waiting.status(), "46", "{name}: {waiting:?}");
        let end = system
            .cardholder
            .authenticates(&waiting.page_url(), Temper::TypesTheCode)
            .await;
        let payid = waiting.payid();
        let capture = Request::of(&[("PAYID", payid), ("OPERATION", "SAS"), ("AMOUNT", "22050")]);
        let back = system.http.get(end.redirect.as_deref().unwrap()).await;
        let told = Feedback::of_redirect(back.header("location"));
        assert_eq!(told.get("STATUS"), "5", "{told:?}");
        library.accepts(&told, name, &shop);
        let captured = library.posts(&shop, name, MAINTENANCE, &capture).await;
        assert_eq!(captured.error(), "0", "{name}: {captured:?}");
        until(&shop, &[("PAYID", payid)], "9").await;
        let query = Request::of(&[("ORDERID", order.value("ORDERID"))]);
        let asked = library.posts(&shop, name, QUERY, &query).await;
        assert_eq!(asked.told(), ("9", "0"), "{name}: {asked:?}");
        let refund = Request::of(&[("PAYID", payid), ("OPERATION", "RFD"), ("AMOUNT", "50")]);
        let refunded = library.posts(&shop, name, MAINTENANCE, &refund).await;
        assert_eq!(refunded.error(), "0", "{name}: {refunded:?}");

        let hooks = system.outside.hooks(&format!("library-{name}"), 0).await;
        let told = Feedback::read(hooks[0]["raw_body"].as_str().unwrap());
        assert_eq!(told.get("PAYID"), payid);
        library.accepts(&told, name, &shop);
    }
    system.finish().await;
}
