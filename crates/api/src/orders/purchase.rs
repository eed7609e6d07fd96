//! What the two purchase calls have in common: reading everything but the names in which they differ, and answering.

use crate::orders::{
    address::{self, Resident},
    authentication, browser, callbacks, card, echo,
    fields::Fields,
    order::{OrderGiven, STORE_CODE_MAX_CHARACTERS},
    recurrence,
};
use acquiring::{Initiator, Shopper};
use axum::http::{HeaderMap, HeaderName};
use payments::{Market, Purchase, PurchaseApi, PurchaseTarget, RefusalCode};
use primitives::{Email, HttpUrl, Id, UrlPolicy, id::kind};
use time::Date;

const PROCESSOR_NAME_MAX_CHARACTERS: usize = 64;
const FRAUD_ID_MAX_CHARACTERS: usize = 255;
const CARD_ID_MAX_CHARACTERS: usize = 64;
/// Two digits, as processors carry it.
const INSTALLMENTS_MAX: i64 = 99;
/// `metadata` is kept and shown with every reading of the order.
const METADATA_MAX_BYTES: usize = 16 * 1024;

const DEVICE_ID: HeaderName = HeaderName::from_static("x-device-id");
const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");

/// The methods DEUNA names. Cards are what can be paid with so far.
const CARD_METHODS: [&str; 2] = ["credit_card", "debit_card"];
const OTHER_METHODS: [&str; 9] = [
    "cash",
    "pos",
    "voucher",
    "bank_transfer",
    "reference",
    "wallet",
    "card_wallet",
    "bnpl",
    "pse",
];

/// What surrounds a purchase besides its body.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub urls: UrlPolicy,
    /// For the card's expiry date.
    pub today: Date,
    pub headers: &'a HeaderMap,
}

/// What the two versions name differently, already read.
pub struct Named<'a> {
    pub api: PurchaseApi,
    pub target: Option<PurchaseTarget>,
    /// The addresses of a one-step purchase's order.
    pub billing: Option<Resident>,
    pub shipping: Option<Resident>,
    pub email: Option<Email>,
    /// The shopper's document, where it is given outside of card and addresses.
    pub identity_document: Option<String>,
    pub store_code: Option<String>,
    pub notify_url: Option<HttpUrl>,
    /// The object that holds `session_id` and `device_id`.
    pub fraud: Option<Fields<'a>>,
    /// The name under which the card is looked for.
    pub card_name: &'static str,
}

impl Named<'_> {
    /// A one-step purchase's order becomes the target, and its addresses the purchase's.
    pub fn paying(&mut self, given: OrderGiven) {
        self.target = Some(PurchaseTarget::New(Box::new(given.order)));
        self.billing = given.billing;
        self.shipping = given.shipping;
    }
}

/// The order token under `name`.
pub fn order_token(fields: &Fields<'_>, name: &str) -> Option<Id<kind::Order>> {
    let text = fields.text(name, usize::MAX)?;
    text.parse()
        .map_err(|_| fields.wrong(name, "is not an order token"))
        .ok()
}

pub fn store_code(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.text(name, STORE_CODE_MAX_CHARACTERS).map(str::to_owned)
}

/// Reads the rest of a purchase.
pub fn read(root: &Fields<'_>, named: Named<'_>, around: Surroundings<'_>) -> Option<Purchase> {
    let method_type = root.required("method_type", method_type);
    let processor_name = root
        .text("processor_name", PROCESSOR_NAME_MAX_CHARACTERS)
        .map(str::to_owned);
    let initiator = authentication::initiator(root);
    let market = authentication::market(root);
    let stored_credential = recurrence::stored_credential(root, initiator);
    // Who pays without the cardholder at hand has no security code, and must not keep one.
    let code_needed = initiator == Initiator::Customer && market == Market::Ecommerce;
    let card_fields = card_fields(root, named.card_name);
    let card = card_fields
        .as_ref()
        .and_then(|fields| card::read(fields, around.today, code_needed));
    let brand = card.as_ref().map(|given| given.card.pan.brand());
    let installments = installments(root, card_fields.as_ref());
    let resident = |name| root.object(name).map(|fields| address::resident(&fields));
    let billing = resident("billing_address").or(named.billing);
    let shipping = resident("shipping_address").or(named.shipping);
    let browser = root
        .object("browser_details")
        .map(|fields| browser::read(&fields));
    let external_authentication = authentication::external(root, brand);
    let three_ds = authentication::three_ds(root, initiator, market);
    let capture = root.boolean("capture");
    let callbacks = callbacks::of_purchase(root, around.urls);
    let metadata = root.object("metadata").and_then(|metadata| {
        let kept = echo::without_cards(root.value("metadata")?);
        let fits = kept.to_string().len() <= METADATA_MAX_BYTES;
        if !fits {
            root.wrong("metadata", format!("must be at most {METADATA_MAX_BYTES} bytes"));
        }
        (fits && !metadata.members().is_empty()).then_some(kept)
    });
    let fraud_id = |name, header| fraud_id(root, named.fraud.as_ref(), name, around.headers, header);
    let device_id = fraud_id("device_id", DEVICE_ID);
    let session_id = fraud_id("session_id", SESSION_ID);
    let card = card?;
    let holder = holder_address(&card.holder);
    let billing_resident = billing.or(holder);
    Some(Purchase {
        api: named.api,
        target: named.target?,
        method_type: method_type?,
        store_code: named.store_code,
        processor_name,
        shopper: shopper(
            named.email,
            named.identity_document,
            billing_resident.as_ref(),
            &card.holder,
            browser.as_ref().and_then(|browser| browser.ip_address.clone()),
        ),
        card: card.card,
        billing: billing_resident.map(|resident| resident.address),
        shipping: shipping.map(|resident| resident.address),
        installments,
        capture,
        callbacks,
        notify_url: named.notify_url,
        browser,
        initiator,
        market,
        stored_credential,
        external_authentication,
        three_ds,
        device_id,
        session_id,
        metadata,
        tries_max: None,
        language: None,
    })
}

fn method_type(root: &Fields<'_>, name: &str) -> Option<String> {
    let given = root.text(name, usize::MAX)?.to_ascii_lowercase();
    if CARD_METHODS.contains(&given.as_str()) {
        return Some(given);
    }
    if OTHER_METHODS.contains(&given.as_str()) {
        root.wrong_as(
            RefusalCode::MethodNotConfigured,
            name,
            "is not configured for this merchant",
        );
    } else {
        let all: Vec<_> = CARD_METHODS.into_iter().chain(OTHER_METHODS).collect();
        root.wrong(name, format!("must be one of {}", all.join(", ")));
    }
    None
}

/// The card under `name`. A saved card is named by its id instead, and there are none yet.
fn card_fields<'a>(root: &Fields<'a>, name: &'static str) -> Option<Fields<'a>> {
    let saved = root.spelling(&["card_id", "credential_id"]);
    if root.has(saved) {
        if root.text_or_number(saved, CARD_ID_MAX_CHARACTERS).is_some() {
            root.wrong_as(
                RefusalCode::CardNotFound,
                saved,
                "there is no saved card of this id",
            );
        }
        return None;
    }
    root.required(name, |root, name| root.object(name))
}

/// Instalments stand at the root or in the card; zero means none, as one does.
fn installments(root: &Fields<'_>, card: Option<&Fields<'_>>) -> u8 {
    let read = |fields: &Fields<'_>| fields.integer::<u8>("installments", 0..=INSTALLMENTS_MAX);
    let (at_root, in_card) = (read(root), card.and_then(read));
    if let (Some(at_root), Some(in_card), Some(card)) = (at_root, in_card, card)
        && at_root != in_card
    {
        card.wrong("installments", "contradicts installments");
    }
    at_root.or(in_card).unwrap_or(1).max(1)
}

fn fraud_id(
    root: &Fields<'_>,
    fraud: Option<&Fields<'_>>,
    name: &'static str,
    headers: &HeaderMap,
    header: HeaderName,
) -> Option<String> {
    let in_body = fraud
        .and_then(|fields| fields.text(name, FRAUD_ID_MAX_CHARACTERS))
        .or_else(|| root.text(name, FRAUD_ID_MAX_CHARACTERS));
    // The headers come from our caller's own client library; one that cannot be kept is no reason to refuse money.
    let in_header = || {
        headers
            .get(header)?
            .to_str()
            .ok()
            .filter(|text| text.len() <= FRAUD_ID_MAX_CHARACTERS)
    };
    in_body
        .or_else(in_header)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The card's own address, if it has any part of one.
fn holder_address(holder: &Resident) -> Option<Resident> {
    let address = &holder.address;
    let given = address.line1.is_some() || address.city.is_some() || address.zip.is_some();
    (given || address.country.is_some()).then(|| holder.clone())
}

fn shopper(
    email: Option<Email>,
    identity_document: Option<String>,
    billing: Option<&Resident>,
    holder: &Resident,
    ip_address: Option<String>,
) -> Shopper {
    let of_billing = |part: fn(&Resident) -> Option<String>| billing.and_then(part);
    Shopper {
        email: email.or_else(|| billing.and_then(|resident| resident.email.clone())),
        first_name: of_billing(|resident| resident.first_name.clone()),
        last_name: of_billing(|resident| resident.last_name.clone()),
        phone: of_billing(|resident| resident.phone.clone()).or_else(|| holder.phone.clone()),
        identity_document: identity_document
            .or_else(|| holder.identity_document.clone())
            .or_else(|| of_billing(|resident| resident.identity_document.clone())),
        ip_address,
    }
}
