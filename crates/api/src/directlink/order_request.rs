//! A new order: every parameter of `orderdirect.asp`, read into values (ogone-directlink.md, section 3).

pub mod alias;
pub mod amount;
pub mod authentication;
pub mod browser;
pub mod card;
pub mod exposure;
pub mod hints;
pub mod presence;
pub mod shopper;

use super::complaints::{Complaint, Reading};
use super::form::Form;
use acquiring::{Address, Shopper};
use alias::Named;
use orchestrator::flows::directlink::{
    Wanted,
    alias::{Alias, KeptCard},
    facts::{Facts, Operation, ReturnUrls, Window},
};
use payments::directlink::NcError;
use payments::{
    Browser,
    bins::CardType,
    three_ds::{ThreeDs, ThreeDsMode},
};
use presence::Presence;
use primitives::{Amount, Card, HttpUrl};
use time::Date;

const ORDER_ID_MAX_CHARACTERS: usize = 40;
const DESCRIPTION_MAX_CHARACTERS: usize = 100;
const PLUS_MAX_CHARACTERS: usize = 1000;
const URL_MAX_CHARACTERS: usize = 200;
const PARAM_VAR_MAX_CHARACTERS: usize = 50;

/// A checked order. Holds card data, so it is neither stored nor shown as a whole.
pub struct OrderRequest {
    /// `ORDERID`.
    pub order_id: String,
    /// `AMOUNT` and `CURRENCY`.
    pub amount: Amount,
    /// `OPERATION`; absent: the account's.
    pub operation: Option<Operation>,
    /// `CARDNO`, `ED`, `CVC`, `CN`, or what is kept under `ALIAS`.
    pub card: Card,
    /// `ALIAS` and `ALIASOPERATION`.
    pub alias: Option<Alias>,
    /// `CREDITDEBIT`: the kind of card that it must be.
    pub card_kind: Option<CardType>,
    /// `ECI` and `COF_…`: who is there.
    pub presence: Presence,
    /// `EMAIL`, `OWNERTELNO`, `REMOTE_ADDR`, and the name of `CN`.
    pub shopper: Shopper,
    /// `ECOM_BILLTO_…`, else `OWNER…`.
    pub billing: Option<Address>,
    /// `ECOM_SHIPTO_…`.
    pub shipping: Option<Address>,
    /// `FLAG3D` and what goes with it.
    pub three_ds: ThreeDs,
    /// `browser…`, `HTTP_ACCEPT`, `HTTP_USER_AGENT`.
    pub browser: Browser,
    /// `WIN3DS`.
    pub window: Window,
    /// `ACCEPTURL` and the others.
    pub urls: ReturnUrls,
    /// `COM`.
    pub description: Option<String>,
    /// `PARAMPLUS`: pairs that go back with every feedback.
    pub param_plus: Option<String>,
    /// `COMPLUS`: one value that does.
    pub com_plus: Option<String>,
    /// `PARAMVAR`: a part of the post-sale URL.
    pub param_var: Option<String>,
    /// `LANGUAGE`, as `en_US`.
    pub language: Option<String>,
}

impl OrderRequest {
    /// Reads a form that was let in. `kept`: the card that [`alias::pays_with`] leads to, if there is one.
    ///
    /// # Errors
    /// Everything that is wrong with it, each parameter by its name.
    pub fn read(form: &Form, kept: Option<&KeptCard>, today: Date) -> Result<Self, Complaint> {
        let reading = Reading::of(form);
        let order = read(&reading, kept, today);
        reading.finish(order)
    }

    /// The order as the gateway takes it. `default`: what the account does with orders that do not say.
    pub fn wanted(self, default: Operation) -> Wanted {
        let online = self.presence.is_online();
        Wanted {
            order_id: self.order_id,
            amount: self.amount,
            operation: self.operation.unwrap_or(default),
            facts: Facts {
                window: self.window,
                urls: self.urls,
                param_plus: self.param_plus,
                com_plus: self.com_plus,
                param_var: self.param_var,
                holder: (!self.card.holder.is_empty()).then(|| self.card.holder.clone()),
                expiry: Some(format!(
                    "{:02}{:02}",
                    self.card.expiry.month(),
                    self.card.expiry.year() % 100
                )),
                ip_address: self.shopper.ip_address.clone(),
                alias: None,
            },
            card: self.card,
            shopper: self.shopper,
            billing: self.billing,
            shipping: self.shipping,
            // Nobody can be authenticated who is not there; the law excludes such payments from it.
            three_ds: if online {
                self.three_ds
            } else {
                ThreeDsMode::Off.into()
            },
            browser: Some(self.browser),
            initiator: self.presence.initiator,
            market: self.presence.market,
            stored_credential: self.presence.stored_credential,
            description: self.description,
            language: self.language,
            tries_max: None,
            alias: self.alias,
        }
    }
}

fn read<'a>(reading: &Reading<'a>, kept: Option<&'a KeptCard>, today: Date) -> Option<OrderRequest> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let order_id = reading.text("ORDERID", ORDER_ID_MAX_CHARACTERS);
    let amount = amount::read(reading);
    let operation = operation(reading);
    let named = alias::read(reading, kept);
    let presence = presence::read(reading, named.on_file());
    let card = match &named {
        // Without a card of its own an order with a name that nobody knows lacks nothing else.
        Named::Wrongly if reading.get("CARDNO").is_none() => None,
        _ => {
            let kept = named.kept().map(|kept| &kept.card);
            card::read(reading, kept, presence.is_online(), today)
        }
    };
    let card_kind = card::kind(reading);
    let three_ds = authentication::read(reading);
    let ip_address = browser::address(reading);
    let browser = browser::read(reading, ip_address.clone());
    let shopper = shopper::read(reading, ip_address);
    let return_urls = ReturnUrls {
        accept: url(reading, "ACCEPTURL"),
        decline: url(reading, "DECLINEURL"),
        exception: url(reading, "EXCEPTIONURL"),
        cancel: url(reading, "CANCELURL"),
    };
    let window = reading.one_of("WIN3DS", |text| {
        Some(match text.to_ascii_uppercase().as_str() {
            "MAINW" => Window::Main,
            "POPUP" => Window::PopUp,
            "POPIX" => Window::PopUpStays,
            _ => return None,
        })
    });
    let description = owned(reading.text("COM", DESCRIPTION_MAX_CHARACTERS));
    let param_plus = owned(reading.text("PARAMPLUS", PLUS_MAX_CHARACTERS));
    let com_plus = owned(reading.text("COMPLUS", PLUS_MAX_CHARACTERS));
    let param_var = owned(param_var(reading));
    let (billing, shipping) = (shopper::billing(reading), shopper::shipping(reading));
    hints::check(reading);
    exposure::check(reading);
    let card = card?;
    Some(OrderRequest {
        order_id: order_id?.to_owned(),
        amount: amount?,
        operation,
        presence,
        shopper,
        alias: named.into_alias(card.expiry),
        card,
        card_kind,
        billing,
        shipping,
        three_ds,
        browser,
        window: window.unwrap_or_default(),
        urls: return_urls,
        description,
        param_plus,
        com_plus,
        param_var,
        language: hints::language(reading),
    })
}

/// Refunds without a payment and pre-authorisations need an agreement that no connection here has.
fn operation(reading: &Reading<'_>) -> Option<Operation> {
    let given = reading.get("OPERATION")?.trim().to_ascii_uppercase();
    let complaint = match given.as_str() {
        "RES" => return Some(Operation::Authorise),
        "SAL" => return Some(Operation::Sale),
        "RFD" | "PAU" => (
            NcError::OPERATION_NOT_ALLOWED,
            "OPERATION not allowed for this account",
        ),
        _ => (NcError::OPERATION, "OPERATION must be RES or SAL"),
    };
    reading.complain(complaint.0, complaint.1);
    None
}

/// A part of the account's post-sale address. In its path, one or two points would be the way to another page.
fn param_var<'a>(reading: &Reading<'a>) -> Option<&'a str> {
    let given = reading.text("PARAMVAR", PARAM_VAR_MAX_CHARACTERS)?;
    if matches!(given.trim(), "." | "..") {
        reading.complain(NcError::INVALID, "PARAMVAR not valid");
        return None;
    }
    Some(given)
}

/// Pages of the shop that only the shopper's browser is sent to.
fn url(reading: &Reading<'_>, name: &str) -> Option<HttpUrl> {
    let given = reading.text(name, URL_MAX_CHARACTERS)?;
    let url = HttpUrl::parse_page(given.trim()).ok();
    if url.is_none() {
        reading.complain(NcError::INVALID, format!("{name} not valid"));
    }
    url
}
