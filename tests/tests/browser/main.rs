//! The shop, our pages and the bank's in a real browser: Debian's Chromium, headless, through its WebDriver.
//!
//! [`driver`] starts it, [`window`] is what a person sees and does in it, [`shopper`] what they want. Each test starts a
//! system and plays everything of its subject in it. With `PASARELA_TEST_PICTURES` naming a folder, the tests leave
//! pictures of the pages there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests may panic, and have chance of their own"
)]

mod directlink_shop;
mod driver;
mod shopper;
mod webdriver;
mod window;

mod acs_challenges;
mod acs_pages;
mod buying;
mod directlink;
mod directlink_retry;
mod giving_up;
mod keyboard;
mod languages;
mod method;
mod phone;
mod reloading;
mod scripts_off;
