//! A processor's adapter for [`super::outside`].

use acquiring::{
    About, Account, Advice, Approval, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture,
    Captures, CredentialField, Decline, Exemption, Inquiry, InquiryAnswer, Notice, NotificationRefused,
    Processor, Reason, Recovery, Refund, Refunds, RefundsOf, Reversal, ReversalAnswer, Says,
    SettlementAnswer, SettlementInquiry, SettlementInquiryAnswer, SettlementKind, Void, Voids,
};
use primitives::{Amount, Brand, Currency, Exchange, HttpRequest, Method, Moment, Reply, Unreadable};
use serde_json::{Value, json};

/// A processor whose answers are one word.
pub struct Fake {
    name: &'static str,
    capabilities: &'static Capabilities,
}

impl Fake {
    /// One that says what became of a charge when it is asked.
    pub const PLAIN: Self = Self {
        name: "plain",
        capabilities: &CAPABILITIES,
    };
    /// One that cannot be asked: a charge without an answer is taken back by our reference.
    pub const MUTE: Self = Self {
        name: "mute",
        capabilities: &Capabilities {
            reversals: true,
            lost_charge: Recovery::Reverse,
            ..CAPABILITIES
        },
    };
}

const CAPABILITIES: Capabilities = Capabilities {
    brands: &[Brand::Visa],
    currencies: &[Currency::MXN],
    external_authentication: &[Brand::Visa],
    exemptions: &[Exemption::LowValue, Exemption::OneLegOut],
    needs_security_code: false,
    authorizations: true,
    captures: Captures::Several,
    voids: Voids::Full,
    refunds: Refunds::Several,
    refunds_of: RefundsOf::Charge,
    reversals: false,
    lost_charge: Recovery::Inquire,
    lost_capture: Recovery::Inquire,
    lost_void: Recovery::Repeat,
    lost_refund: Recovery::Repeat,
    inquiry_visible_after: std::time::Duration::from_secs(90),
    inquiry_final_after: std::time::Duration::from_secs(1_800),
    installments_max: 1,
};

fn settlement_answer(word: &str) -> Option<SettlementAnswer> {
    let processor_reference = Some("op-1".to_owned());
    match word {
        "done" => Some(SettlementAnswer::Done { processor_reference }),
        "accepted" => Some(SettlementAnswer::Accepted { processor_reference }),
        "refused" => Some(SettlementAnswer::Refused(decline(Reason::InvalidState))),
        _ => None,
    }
}

fn settlement_inquiry_answer(word: &str) -> Option<SettlementInquiryAnswer> {
    match word {
        "done" => Some(SettlementInquiryAnswer::Done {
            processor_reference: None,
        }),
        "pending" => Some(SettlementInquiryAnswer::Pending),
        "refused" => Some(SettlementInquiryAnswer::Refused(decline(Reason::InvalidState))),
        "not_found" => Some(SettlementInquiryAnswer::NotFound),
        _ => None,
    }
}

/// A notification: signed with a word, one notice a line of identity, subject, reference and outcome.
fn notices(headers: &[(String, String)], body: &[u8]) -> Result<Vec<Notice>, NotificationRefused> {
    if !headers.contains(&("signature".to_owned(), "right".to_owned())) {
        return Err(NotificationRefused::BadSignature);
    }
    String::from_utf8_lossy(body)
        .lines()
        .map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut word = || {
                words
                    .next()
                    .ok_or(NotificationRefused::Unreadable("a word is missing"))
            };
            Ok(Notice {
                identity: word()?,
                about: match (word()?.as_str(), word()?, word()?.as_str()) {
                    ("charge", reference, said) => About::Charge {
                        reference,
                        says: charge_says(said)?,
                    },
                    ("capture", reference, said) => {
                        settlement_told(SettlementKind::Capture, reference, said)?
                    }
                    ("refund", reference, said) => settlement_told(SettlementKind::Refund, reference, said)?,
                    ("reversal", charge_reference, said) => About::Reversal {
                        charge_reference,
                        done: said == "done",
                    },
                    (other, _, _) => About::Other(other.to_owned()),
                },
            })
        })
        .collect()
}

/// Ours is a reference of 32 characters, the processor's own is not.
fn settlement_told(
    kind: SettlementKind,
    reference: String,
    said: &str,
) -> Result<About, NotificationRefused> {
    let is_ours = reference.len() == 32;
    Ok(About::Settlement {
        kind,
        reference: is_ours.then(|| reference.clone()),
        processor_reference: (!is_ours).then_some(reference),
        says: match said {
            "news" => Says::AskAgain,
            said => Says::Outcome(
                settlement_inquiry_answer(said)
                    .ok_or(NotificationRefused::Unreadable("an outcome that nobody knows"))?,
            ),
        },
    })
}

fn charge_says(said: &str) -> Result<Says<InquiryAnswer>, NotificationRefused> {
    let amount = Amount::new(10_000, Currency::MXN).unwrap();
    Ok(match said {
        "approved" => Says::Outcome(InquiryAnswer::Approved(approval(amount))),
        "declined" => Says::Outcome(InquiryAnswer::Declined(decline(Reason::GenericDecline))),
        "elsewhere" => Says::Outcome(InquiryAnswer::Declined(decline(Reason::IssuerUnavailable))),
        "news" => Says::AskAgain,
        _ => return Err(NotificationRefused::Unreadable("an outcome that nobody knows")),
    })
}

fn exchange<A>(
    account: &Account,
    path: &str,
    body: Value,
    read: impl FnOnce(&str) -> Option<A> + Send + 'static,
) -> Exchange<A> {
    let mut url = account.base_url.clone();
    url.set_path(path);
    Exchange::new(
        HttpRequest::new(Method::Post, url).body(body.to_string().into_bytes()),
        move |reply: &Reply| {
            let word = String::from_utf8_lossy(&reply.body);
            read(&word).ok_or(Unreadable("says nothing known".into()))
        },
    )
}

fn less_than(amount: Amount) -> Amount {
    Amount::new(amount.minor() / 2, amount.currency()).unwrap()
}

fn approval(amount: Amount) -> Approval {
    Approval {
        processor_reference: "ticket-1".into(),
        approval_code: None,
        response_code: None,
        amount,
        network_transaction_id: None,
        issuer_bank: None,
        issuer_country: None,
    }
}

fn decline(reason: Reason) -> Decline {
    Decline {
        reason,
        advice: match reason {
            Reason::AuthenticationRequired => Advice::Reauthenticate,
            Reason::IssuerUnavailable => Advice::Transient,
            _ => Advice::Never,
        },
        raw_code: None,
        raw_message: None,
        network_advice: None,
        processor_reference: None,
        leaves_hold: false,
    }
}

impl Processor for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &[CredentialField {
            name: "key",
            required: true,
            max_characters: 8,
        }]
    }

    fn default_base_url(&self) -> &'static str {
        "https://plain.example"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        _: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let amount = order.amount;
        Ok(exchange(
            account,
            "/charge",
            json!({
                "processor": self.name, "reference": order.reference, "exemption": order.exemption,
                "eci": order.authentication.as_ref().and_then(|values| values.eci.as_deref()),
            }),
            move |word| match word {
                "approved" => Some(AuthorizationAnswer::Approved(approval(amount))),
                "partly" => Some(AuthorizationAnswer::Approved(approval(less_than(amount)))),
                "pending" => Some(AuthorizationAnswer::Pending {
                    processor_reference: Some("ticket-1".into()),
                }),
                "declined" => Some(AuthorizationAnswer::Declined(decline(Reason::GenericDecline))),
                "elsewhere" => Some(AuthorizationAnswer::Declined(decline(Reason::IssuerUnavailable))),
                "given_up" => Some(AuthorizationAnswer::Declined(decline(Reason::LostOrStolen))),
                "risky" => Some(AuthorizationAnswer::Declined(Decline {
                    processor_reference: Some("held-1".into()),
                    leaves_hold: true,
                    ..decline(Reason::ProcessorRiskBlock)
                })),
                "vetoed" => Some(AuthorizationAnswer::Declined(decline(
                    Reason::AuthenticationRequired,
                ))),
                _ => None,
            },
        ))
    }

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        _: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let amount = order.amount;
        Ok(exchange(
            account,
            "/inquiry",
            json!({ "reference": order.reference, "processor_reference": order.processor_reference }),
            move |word| match word {
                "approved" => Some(InquiryAnswer::Approved(approval(amount))),
                "declined" => Some(InquiryAnswer::Declined(decline(Reason::GenericDecline))),
                "pending" => Some(InquiryAnswer::Pending),
                "not_found" => Some(InquiryAnswer::NotFound),
                _ => None,
            },
        ))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Ok(exchange(
            account,
            "/void",
            json!({ "reference": order.reference, "of": order.of.processor_reference }),
            settlement_answer,
        ))
    }

    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let body = json!({
            "kind": "capture", "reference": order.reference, "of": order.of.reference,
            "amount": order.amount.minor(), "final": order.is_final,
        });
        Ok(exchange(account, "/capture", body, settlement_answer))
    }

    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let body = json!({
            "kind": "refund", "reference": order.reference, "of": order.of.reference,
            "amount": order.amount.minor(), "reason": order.reason,
            "capture": order.capture.as_ref().map(|capture| &capture.reference),
        });
        Ok(exchange(account, "/refund", body, settlement_answer))
    }

    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        _: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        let body = json!({ "reference": order.reference });
        Ok(exchange(account, "/settled", body, settlement_inquiry_answer))
    }

    fn reverse(
        &self,
        account: &Account,
        order: &Reversal,
        _: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        if !self.capabilities.reversals {
            return Err(CannotBuild::NotOffered("reversals"));
        }
        let body = json!({ "reference": order.reference, "of": order.charge_reference });
        Ok(exchange(account, "/reversal", body, |word| match word {
            "reversed" => Some(ReversalAnswer::Reversed),
            "accepted" => Some(ReversalAnswer::Accepted),
            "not_found" => Some(ReversalAnswer::NotFound),
            _ => None,
        }))
    }

    fn notification_receipt(&self) -> &'static str {
        "[accepted]"
    }

    fn notification(
        &self,
        _: &Account,
        headers: &[(String, String)],
        body: &[u8],
        _: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        notices(headers, body)
    }
}
