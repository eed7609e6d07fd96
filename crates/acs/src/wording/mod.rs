//! The catalogue: every text that a cardholder reads on a screen, in every language. A language that lacks one does not
//! compile.
//!
//! Texts keep to what native screens of EMV 3-D Secure have room for (`challengeInfoHeader` and all labels 45 characters,
//! `challengeInfoText` 350, the texts behind the two expanders 256), so that browsers and apps say the same. What a text
//! message says is in [`crate::sms::text`], since every character of it costs.

pub mod amount;
mod english;
mod japanese;
pub mod merchant_name;
mod portuguese;
mod spanish;

use crate::language::Language;
use crate::purchase::Purchase;

/// The texts of one language. `{bank}`, `{phone}`, `{amount}`, `{merchant}`, `{last_four}`, `{count}`, `{reference}`
/// stand for what [`fill`] puts there.
#[derive(Debug)]
pub struct Words {
    /// The heading of every screen (`challengeInfoHeader`), and a page's title.
    pub header: &'static str,
    /// What a page calls the payee.
    pub merchant: &'static str,
    /// What a page calls the amount.
    pub amount: &'static str,
    /// What a page calls the card.
    pub card: &'static str,
    /// Stands for a merchant whose name says nothing.
    pub some_merchant: &'static str,
    /// The purchase in a sentence, for screens that have no list: amount, merchant, card.
    pub payment: &'static str,
    /// The same for an authentication without an amount.
    pub confirmation: &'static str,
    /// A code was sent.
    pub code_sent: &'static str,
    /// The same, where only the bank knows the phone.
    pub code_sent_by_bank: &'static str,
    /// For how many minutes the code is good.
    pub code_good_for: &'static str,
    /// Which of several codes is meant.
    pub code_reference: &'static str,
    /// Label of the entry (`challengeInfoLabel`).
    pub code_label: &'static str,
    /// What a browser says of an entry that cannot be a code.
    pub code_form: &'static str,
    /// Asks for the card's static password.
    pub password_asked: &'static str,
    /// Label of the entry.
    pub password_label: &'static str,
    /// The bank's app was asked.
    pub app_asked: &'static str,
    /// The bank's app waits for the cardholder's answer, whenever they have time (`cardholderInfo`: 128 characters at most).
    pub app_later: &'static str,
    /// Where the bank's app can be opened (`oobAppLabel`).
    pub app_link: &'static str,
    /// Which phone shall get the code.
    pub phone_asked: &'static str,
    /// A phone of the list.
    pub phone_choice: &'static str,
    /// Buttons.
    pub buttons: Buttons,
    /// Stands in the place of the button for another code until it comes.
    pub resend_in: &'static str,
    /// What happened last.
    pub notices: Notices,
    /// The first expander: why this is asked (`whyInfoLabel`, `whyInfoText`).
    pub why: Expander,
    /// The second: help (`expandInfoLabel`, `expandInfoText`).
    pub help: Expander,
    /// The page that takes the browser back.
    pub returning: &'static str,
    /// The page for what cannot go on.
    pub problem: Problem,
    /// Link to the phone's messages, where a sandbox has them.
    pub inbox_link: &'static str,
}

/// Labels of buttons: at most 45 characters.
#[derive(Debug)]
pub struct Buttons {
    /// Hands in the entry (`submitAuthenticationLabel`), and goes on.
    pub submit: &'static str,
    /// Asks for another code (`resendInformationLabel`).
    pub resend: &'static str,
    /// Sends the code to the phone that was chosen.
    pub send: &'static str,
    /// The cardholder has answered in the app (`oobContinueLabel`).
    pub confirmed: &'static str,
    /// A code instead of the app.
    pub code_instead: &'static str,
    /// The app instead of a code.
    pub app_instead: &'static str,
    /// Confirms later, decoupled from the payment.
    pub later: &'static str,
    /// Gives up.
    pub cancel: &'static str,
}

/// What happened last, told above the entry.
#[derive(Debug)]
pub struct Notices {
    /// A wrong code, several tries left.
    pub wrong: &'static str,
    /// A wrong code, one try left; says what happens then, which has to be announced (RTS (EU) 2018/389, article 4).
    pub wrong_once_more: &'static str,
    /// A wrong password, several tries left.
    pub wrong_password: &'static str,
    /// A wrong password, one try left.
    pub wrong_password_once_more: &'static str,
    /// Nothing was typed.
    pub nothing_typed: &'static str,
    /// The code's time is over.
    pub expired: &'static str,
    /// A new code was sent on request.
    pub resent: &'static str,
    /// A new code was asked for too early.
    pub too_early: &'static str,
    /// There are no more codes.
    pub no_more_codes: &'static str,
    /// A code did not arrive, and a new one was sent.
    pub sent_anew: &'static str,
    /// The app has not answered yet.
    pub app_pending: &'static str,
    /// The app has not answered, and a code was sent.
    pub app_silent: &'static str,
}

/// A question and its answer behind it.
#[derive(Debug)]
pub struct Expander {
    /// At most 45 characters.
    pub label: &'static str,
    /// At most 256 characters.
    pub text: &'static str,
}

/// What a page says that cannot go on.
#[derive(Debug)]
pub struct Problem {
    /// Its heading.
    pub heading: &'static str,
    /// What to do.
    pub text: &'static str,
    /// What to tell the bank.
    pub code: &'static str,
}

/// The texts of a language.
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &english::WORDS,
        Language::Spanish => &spanish::WORDS,
        Language::Portuguese => &portuguese::WORDS,
        Language::Japanese => &japanese::WORDS,
    }
}

/// Puts values in the place of `{name}`s, in one go: what a value says is never taken for a name. A name without a value
/// leaves nothing.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, named)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = named.split_once('}').unwrap_or((named, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

impl Words {
    /// The merchant's name as a screen shows it.
    pub fn merchant_name(&self, purchase: &Purchase) -> String {
        let name = merchant_name::clean(&purchase.merchant_name, merchant_name::SCREEN_MAX);
        if name.is_empty() {
            self.some_merchant.to_owned()
        } else {
            name
        }
    }

    /// The purchase in a sentence: amount and payee, which every screen has to show (RTS (EU) 2018/389, article 5).
    pub fn purchase(&self, language: Language, purchase: &Purchase, last_four: &str) -> String {
        let merchant = self.merchant_name(purchase);
        let amount = purchase
            .amount
            .map(|amount| amount::amount_text(language, amount));
        let text = if amount.is_some() {
            self.payment
        } else {
            self.confirmation
        };
        fill(
            text,
            &[
                ("amount", amount.as_deref().unwrap_or_default()),
                ("merchant", &merchant),
                ("last_four", last_four),
            ],
        )
    }
}

#[cfg(test)]
mod tests;
