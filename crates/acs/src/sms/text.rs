//! What the message with a code says: bank, code, amount and payee (dynamic linking, RTS (EU) 2018/389, article 5), card,
//! time. The code stands early, where a locked phone shows it.
//!
//! Every message is one part of GSM-7, or two of UCS-2, whatever is put into it. So English, Spanish and Portuguese are
//! written without the accents that GSM-7 lacks, on purpose, and a name in another script gets a shorter text around it.

use std::borrow::Cow;

use primitives::Secret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::encoding::{Encoding, Size};
use crate::language::Language;
use crate::otp::OtpCode;
use crate::purchase::Purchase;
use crate::wording::amount::amount_text;
use crate::wording::fill;
use crate::wording::merchant_name::{self, clean, without_accents};

/// UTF-16 units of a bank's name, as its policy allows.
const BANK_NAME_MAX: usize = 20;
/// Parts that a message in GSM-7 may have.
const GSM7_PARTS_MAX: usize = 1;
/// Parts that a message in UCS-2 may have.
const UCS2_PARTS_MAX: usize = 2;

/// A message with a code in it.
#[derive(Debug, Clone, Copy)]
pub struct CodeMessage<'m> {
    /// What it is written in.
    pub language: Language,
    /// How the bank calls itself.
    pub bank_name: &'m str,
    /// The code.
    pub code: &'m OtpCode,
    /// What the code is for.
    pub purchase: &'m Purchase,
    /// The last digits of the card.
    pub last_four: &'m str,
    /// For how many minutes the code is good.
    pub minutes: u32,
    /// The code's own reference, which the screen shows too.
    pub reference: Option<&'m str>,
    /// For the line that browsers read, where the issuer wants it.
    pub web_otp: Option<&'m WebOtp>,
}

/// The hosts that a code is bound to (WICG, origin-bound one-time codes).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebOtp {
    /// Of the page that fills the window: the merchant's.
    pub top_host: String,
    /// Of the frame in it: ours. `None` where our page fills the window.
    pub embedded_host: Option<String>,
}

impl WebOtp {
    /// For a page of ours in a frame of whoever is notified. `None` where either URL has no host.
    pub fn in_frame(notification_url: &str, own_url: &str) -> Option<Self> {
        let host = |url: &str| Url::parse(url).ok()?.host_str().map(str::to_owned);
        Some(Self {
            top_host: host(notification_url)?,
            embedded_host: Some(host(own_url)?),
        })
    }

    /// The last line: exactly this form, with nothing before the first `@`.
    fn line(&self, code: &str) -> String {
        match &self.embedded_host {
            Some(embedded) => format!("@{} #{code} @{embedded}", self.top_host),
            None => format!("@{} #{code}", self.top_host),
        }
    }
}

/// The texts of one language.
struct Texts {
    payment: &'static str,
    /// For what travels in UCS-2, where a part has room for less than half.
    short_payment: &'static str,
    /// Without an amount.
    confirmation: &'static str,
    short_confirmation: &'static str,
    some_merchant: &'static str,
}

const ENGLISH: Texts = Texts {
    payment: "{bank}: code {code}{reference} to pay {amount} to {merchant}, card *{last_four}. Valid {minutes} min. Never share it.",
    short_payment: "{bank}: code {code}{reference}, {amount} to {merchant}, card *{last_four}, {minutes} min. Never share it.",
    confirmation: "{bank}: code {code}{reference} to confirm card *{last_four} for {merchant}. Valid {minutes} min. Never share it.",
    short_confirmation: "{bank}: code {code}{reference}, {merchant}, card *{last_four}, {minutes} min. Never share it.",
    some_merchant: "an online shop",
};

const SPANISH: Texts = Texts {
    payment: "{bank}: codigo {code}{reference} para pagar {amount} a {merchant}, tarjeta *{last_four}. Valido {minutes} min. No lo compartas.",
    short_payment: "{bank}: codigo {code}{reference}, {amount} a {merchant}, tarjeta *{last_four}, {minutes} min. No lo compartas.",
    confirmation: "{bank}: codigo {code}{reference} para confirmar tu tarjeta *{last_four} en {merchant}. Valido {minutes} min. No lo compartas.",
    short_confirmation: "{bank}: codigo {code}{reference}, {merchant}, tarjeta *{last_four}, {minutes} min. No lo compartas.",
    some_merchant: "una tienda online",
};

const PORTUGUESE: Texts = Texts {
    payment: "{bank}: codigo {code}{reference} para pagar {amount} a {merchant}, cartao *{last_four}. Vale por {minutes} min. Nao compartilhe.",
    short_payment: "{bank}: codigo {code}{reference}, {amount} a {merchant}, cartao *{last_four}, {minutes} min. Nao compartilhe.",
    confirmation: "{bank}: codigo {code}{reference} para confirmar o cartao *{last_four} em {merchant}. Vale por {minutes} min. Nao compartilhe.",
    short_confirmation: "{bank}: codigo {code}{reference}, {merchant}, cartao *{last_four}, {minutes} min. Nao compartilhe.",
    some_merchant: "uma loja online",
};

const JAPANESE_PAYMENT: &str = "{bank} 認証コード{code}{reference} {merchant} {amount} カード*{last_four} 有効{minutes}分 他人に教えないでください";
const JAPANESE_CONFIRMATION: &str = "{bank} 認証コード{code}{reference} {merchant} カード*{last_four}の確認 有効{minutes}分 他人に教えないでください";

const JAPANESE: Texts = Texts {
    payment: JAPANESE_PAYMENT,
    short_payment: JAPANESE_PAYMENT,
    confirmation: JAPANESE_CONFIRMATION,
    short_confirmation: JAPANESE_CONFIRMATION,
    some_merchant: "オンラインショップ",
};

fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
        Language::Portuguese => &PORTUGUESE,
        Language::Japanese => &JAPANESE,
    }
}

impl CodeMessage<'_> {
    /// The message. The line that browsers read may cost one part more; where it would cost two, it is left out.
    pub fn text(&self) -> Secret<String> {
        let body = self.body();
        let Some(web_otp) = self.web_otp else {
            return body;
        };
        let bound = format!("{}\n{}", body.reveal(), web_otp.line(self.code.reveal()));
        let bound = Secret::new(bound);
        if Size::of(bound.reveal()).parts <= Size::of(body.reveal()).parts + 1 {
            bound
        } else {
            body
        }
    }

    fn body(&self) -> Secret<String> {
        let texts = texts(self.language);
        let (long, short) = match self.purchase.amount {
            Some(_) => (texts.payment, texts.short_payment),
            None => (texts.confirmation, texts.short_confirmation),
        };
        let bank = self.spelled(clean(self.bank_name, BANK_NAME_MAX));
        let merchant = clean(&self.purchase.merchant_name, merchant_name::MESSAGE_MAX);
        let merchant = match merchant.as_str() {
            "" => Cow::Borrowed(texts.some_merchant),
            _ => Cow::Owned(self.spelled(merchant)),
        };
        let reference = self.reference.map(|reference| format!(" ({reference})"));
        let amount = self
            .purchase
            .amount
            .map(|amount| amount_text(self.language, amount));
        let minutes = self.minutes.to_string();
        let values = [
            ("bank", bank.as_str()),
            ("code", self.code.reveal()),
            ("reference", reference.as_deref().unwrap_or_default()),
            ("amount", amount.as_deref().unwrap_or_default()),
            ("merchant", &merchant),
            ("last_four", self.last_four),
            ("minutes", &minutes),
        ];
        let text = Secret::new(fill(long, &values));
        if within_budget(text.reveal()) {
            text
        } else {
            fill(short, &values).into()
        }
    }

    /// A name as its language spells it in a message.
    fn spelled(&self, name: String) -> String {
        match self.language {
            Language::Japanese => name,
            Language::English | Language::Spanish | Language::Portuguese => without_accents(&name),
        }
    }
}

/// Whether a text costs what a message may.
fn within_budget(text: &str) -> bool {
    let size = Size::of(text);
    let parts_max = match size.encoding {
        Encoding::Gsm7 => GSM7_PARTS_MAX,
        Encoding::Ucs2 => UCS2_PARTS_MAX,
    };
    size.parts <= parts_max
}

#[cfg(test)]
mod tests;
