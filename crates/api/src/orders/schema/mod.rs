//! Bodies and answers of this face as the OpenAPI document describes them.
//!
//! Nothing is read or written through these types: bodies are read member by member ([`super::fields`]) because
//! clients differ in what they send, and answers are passed on as text ([`super::reply`]). Tests hold the two
//! descriptions together: every example here is a body that the readers take, and every member a reader asks for stands
//! here.

mod answer;
mod order;
mod purchase;
mod settlement;

pub use answer::{
    CreateOrderReply, DeniedBody, ErrorBody, ErrorDetail, FromCard, GetOrderReply, NextAction, Order,
    Payment, PaymentData, PaymentMetadata, PurchaseReply, Redirection, ThreeDs,
};
pub use order::{
    Address, CancelBody, CreateOrderBody, Item, Money, OrderBody, PayerInfo, RedirectUrls, Reduction,
    WebhookUrls,
};
pub use purchase::{
    AntiFraudInfo, BrowserDetails, CallbackUrls, CardBody, PurchaseV1Body, PurchaseV2Body, Recurrence,
    SecureAuthentication, SpecificFields, ThreeDsChoice,
};
pub use settlement::{CaptureBody, OrderReply, ReasonBody, RefundBody, RefundData, RefundReply, Settlement};
