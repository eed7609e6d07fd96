//! The page of an open challenge: the view in words, and where its forms go.

use askama::Template;
use emv3ds::AcsTransId;
use primitives::Brand;
use uuid::Uuid;

use super::assets::{ADDRESSES, Addresses};
use super::{ANSWER_PATH, Frame, Look, PAGE_PATH};
use crate::challenge::view::{ChallengeView, Notice, Resend, ViewKind};
use crate::wording::amount::amount_text;
use crate::wording::{Words, fill, words};

const SECONDS_PER_MINUTE: u32 = 60;

/// A challenge as its template wants it.
#[derive(Template)]
#[template(path = "challenge/challenge.html")]
pub(super) struct ChallengePage<'v> {
    words: &'static Words,
    language: &'static str,
    assets: &'static Addresses,
    /// Where every form goes.
    answer: &'static str,
    /// The page's own address, for browsers that wait.
    page: String,
    acs_trans_id: AcsTransId,
    token: Uuid,
    bank_name: &'v str,
    /// Stands for the logo where there is none.
    monogram: String,
    logo_url: Option<&'v str>,
    scheme: &'static str,
    brand: &'static str,
    amount: Option<String>,
    merchant_name: String,
    last_four: &'v str,
    notice: Option<Told>,
    notice_is_error: bool,
    instruction: String,
    /// What else there is to know of a code; empty where nothing is.
    hint: String,
    asked: Asked<'v>,
    resend: ResendShown,
    /// The one style that depends on the challenge: when the button for a new code appears.
    pub(super) resend_style: Option<String>,
    others: Vec<OtherWay>,
    help: String,
    app_link: Option<String>,
    inbox_link: Option<String>,
    autofocus: bool,
}

/// What happened last, in words.
struct Told {
    text: String,
    is_error: bool,
}

/// What the main form is for.
enum Asked<'v> {
    Code {
        form_hint: String,
        entry_pattern: String,
    },
    Password,
    App,
    Phone {
        phones: Vec<&'v str>,
    },
}

/// The button for a new code.
enum ResendShown {
    Now,
    After { wait: String },
    Never,
}

/// A way out of what is asked.
struct OtherWay {
    action: &'static str,
    label: &'static str,
}

impl<'v> ChallengePage<'v> {
    pub(super) fn of(view: &'v ChallengeView, look: &Look, frame: Frame) -> Self {
        let words = words(view.language);
        let notice = told(view, words);
        let resend = resend_of(view);
        let phone = view.phone.as_ref().map(|phone| phone.reveal());
        let link = |url: &Option<String>| {
            let digits = phone.unwrap_or_default().trim_start_matches('+');
            url.as_ref().map(|url| format!("{url}{digits}"))
        };
        let awaits_app = matches!(view.kind, ViewKind::App { .. });
        Self {
            words,
            language: view.language.code(),
            assets: &ADDRESSES,
            answer: ANSWER_PATH,
            page: format!("{PAGE_PATH}?acsTransID={}", view.acs_trans_id),
            acs_trans_id: view.acs_trans_id,
            token: view.token,
            bank_name: &view.bank_name,
            monogram: view.bank_name.chars().take(1).collect(),
            logo_url: view.logo_url.as_deref(),
            scheme: scheme(view.brand),
            brand: view.brand.as_str(),
            amount: view
                .purchase
                .amount
                .map(|amount| amount_text(view.language, amount)),
            merchant_name: words.merchant_name(&view.purchase),
            last_four: &view.last_four,
            notice_is_error: notice.as_ref().is_some_and(|notice| notice.is_error),
            notice,
            instruction: instruction(view, words),
            hint: hint(view, words),
            asked: asked(view, words),
            resend_style: match resend {
                Resend::In(seconds) => Some(appears_after(seconds)),
                Resend::Now | Resend::Never => None,
            },
            resend: match resend {
                Resend::Now => ResendShown::Now,
                Resend::In(seconds) => ResendShown::After {
                    wait: counted(words.resend_in, seconds),
                },
                Resend::Never => ResendShown::Never,
            },
            others: others(view, words),
            help: fill(words.help.text, &[("bank", &view.bank_name)]),
            app_link: link(&look.app_url).filter(|_| awaits_app),
            inbox_link: link(&look.inbox_url).filter(|_| !awaits_app && phone.is_some()),
            // Chromium lets no frame of another origin take the keyboard by itself, and complains.
            autofocus: frame == Frame::Whole,
        }
    }
}

fn asked<'v>(view: &'v ChallengeView, words: &Words) -> Asked<'v> {
    match &view.kind {
        ViewKind::Code { digits, .. } => Asked::Code {
            form_hint: counted(words.code_form, u32::from(*digits)),
            // What the check takes: digits of Japanese keyboards too, spaces and hyphens anywhere.
            entry_pattern: format!(r"([\s\-]*[0-9０-９]){{{digits}}}[\s\-]*"),
        },
        ViewKind::Password => Asked::Password,
        ViewKind::App { .. } => Asked::App,
        ViewKind::ChoosePhone { phones, .. } => Asked::Phone {
            phones: phones.iter().map(String::as_str).collect(),
        },
    }
}

fn instruction(view: &ChallengeView, words: &Words) -> String {
    match &view.kind {
        ViewKind::Code { .. } => match &view.masked_phone {
            Some(phone) => fill(words.code_sent, &[("phone", &unbroken(phone))]),
            None => words.code_sent_by_bank.to_owned(),
        },
        ViewKind::Password => words.password_asked.to_owned(),
        ViewKind::App { .. } => fill(words.app_asked, &[("bank", &view.bank_name)]),
        ViewKind::ChoosePhone { .. } => String::new(),
    }
}

fn hint(view: &ChallengeView, words: &Words) -> String {
    let ViewKind::Code {
        reference,
        good_for_seconds,
        ..
    } = &view.kind
    else {
        return String::new();
    };
    let minutes = good_for_seconds.div_ceil(SECONDS_PER_MINUTE);
    let good_for = (minutes > 0).then(|| counted(words.code_good_for, minutes));
    let reference = reference
        .as_ref()
        .map(|reference| fill(words.code_reference, &[("reference", reference)]));
    let told: Vec<String> = [good_for, reference].into_iter().flatten().collect();
    told.join(" ")
}

/// A masked number that no line break tears apart.
fn unbroken(masked: &str) -> String {
    masked.replace(' ', "\u{a0}")
}

fn told(view: &ChallengeView, words: &Words) -> Option<Told> {
    let notices = &words.notices;
    let by_password = view.kind == ViewKind::Password;
    let (text, is_error) = match view.notice {
        None if has_expired(view) => (notices.expired.to_owned(), true),
        None => return None,
        Some(Notice::Wrong { attempts_left }) => {
            let text = match (by_password, attempts_left) {
                (false, 1) => notices.wrong_once_more,
                (false, _) => notices.wrong,
                (true, 1) => notices.wrong_password_once_more,
                (true, _) => notices.wrong_password,
            };
            (counted(text, u32::from(attempts_left)), true)
        }
        Some(Notice::NothingTyped) if by_password => (words.password_asked.to_owned(), true),
        Some(Notice::NothingTyped) => (notices.nothing_typed.to_owned(), true),
        Some(Notice::Expired) => (notices.expired.to_owned(), true),
        Some(Notice::NewCode) => (notices.resent.to_owned(), false),
        Some(Notice::Replaced) => (notices.sent_anew.to_owned(), false),
        Some(Notice::TooSoon) => match resend_of(view) {
            Resend::In(seconds) => (counted(notices.too_early, seconds), true),
            // The wait was over before the page was drawn: the button says all there is to say.
            Resend::Now | Resend::Never => return None,
        },
        Some(Notice::NoMoreCodes) => (notices.no_more_codes.to_owned(), true),
        Some(Notice::NotConfirmedYet) => (notices.app_pending.to_owned(), true),
        Some(Notice::AppSilent) => (notices.app_silent.to_owned(), false),
    };
    Some(Told { text, is_error })
}

fn has_expired(view: &ChallengeView) -> bool {
    match view.kind {
        ViewKind::Code { good_for_seconds, .. } => good_for_seconds == 0,
        ViewKind::ChoosePhone { .. } | ViewKind::App { .. } | ViewKind::Password => false,
    }
}

fn resend_of(view: &ChallengeView) -> Resend {
    match view.kind {
        ViewKind::Code { resend, .. } => resend,
        ViewKind::ChoosePhone { .. } | ViewKind::App { .. } | ViewKind::Password => Resend::Never,
    }
}

fn others(view: &ChallengeView, words: &Words) -> Vec<OtherWay> {
    let buttons = &words.buttons;
    let (code_instead, app_instead) = match view.kind {
        ViewKind::App { code_instead } => (code_instead, false),
        ViewKind::Code { app_instead, .. } | ViewKind::ChoosePhone { app_instead, .. } => {
            (false, app_instead)
        }
        ViewKind::Password => (false, false),
    };
    [
        (code_instead, "code", buttons.code_instead),
        (app_instead, "app", buttons.app_instead),
        (view.may_put_off, "later", buttons.later),
        (true, "cancel", buttons.cancel),
    ]
    .into_iter()
    .filter(|(offered, ..)| *offered)
    .map(|(_, action, label)| OtherWay { action, label })
    .collect()
}

fn counted(text: &str, count: u32) -> String {
    fill(text, &[("count", &count.to_string())])
}

/// The sentence goes and the button comes after so many seconds. The animations themselves are in the style sheet.
fn appears_after(seconds: u32) -> String {
    format!(
        ".after{{animation:appear 0s {seconds}s backwards}}.until{{animation:vanish 0s {seconds}s forwards}}"
    )
}

/// The scheme as it writes itself; nothing for what has no scheme.
fn scheme(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "VISA",
        Brand::Mastercard => "Mastercard",
        Brand::Amex => "American Express",
        Brand::Elo => "Elo",
        Brand::Jcb => "JCB",
        Brand::Diners => "Diners Club",
        Brand::Discover => "Discover",
        Brand::Carnet => "Carnet",
        Brand::Other => "",
    }
}
