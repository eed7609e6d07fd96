//! Who is there while it is paid, and whether the merchant keeps the card: `ECI` and `COF_…`.

use crate::directlink::complaints::Reading;
use acquiring::{Agreement, Initiator, StoredCredential};
use payments::Market;
use payments::directlink::NcError;

/// How the payment comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Who starts it.
    pub initiator: Initiator,
    /// Over the shop's page, or by letter or telephone.
    pub market: Market,
    /// What the charge is, where the merchant keeps the card.
    pub stored_credential: Option<StoredCredential>,
}

impl Presence {
    /// Whether the shopper sits at a browser, and can type a security code and be authenticated.
    pub fn is_online(&self) -> bool {
        self.initiator == Initiator::Customer && self.market == Market::Ecommerce
    }
}

/// Whether the card is one that is kept, as far as `ALIAS` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnFile {
    Not,
    /// The cardholder leaves it with this order.
    FromNowOn,
    Already {
        /// The scheme's id of the charge that brought it.
        network_transaction_id: Option<String>,
    },
}

/// Reads it. `COF_…` says more than `ECI`, which is older, and both more than that there is an `ALIAS`.
pub fn read(reading: &Reading<'_>, on_file: OnFile) -> Presence {
    let (repeated, market) = eci(reading);
    let by_merchant = reading.one_of("COF_INITIATOR", |text| {
        choice(text, [("CIT", false), ("MIT", true)])
    });
    let first = reading.one_of("COF_TRANSACTION", |text| {
        choice(text, [("FIRST", true), ("SUBSEQ", false)])
    });
    let agreement = reading.one_of("COF_SCHEDULE", |text| {
        choice(
            text,
            [
                ("SCHED", Agreement::Recurring),
                ("UNSCHED", Agreement::Unscheduled),
            ],
        )
    });
    let by_merchant = by_merchant.unwrap_or(repeated);
    if by_merchant && first == Some(true) {
        let text = "COF_TRANSACTION FIRST needs the cardholder: COF_INITIATOR must be CIT";
        reading.complain(NcError::INVALID, text);
    }
    let kept = by_merchant || first.is_some() || agreement.is_some() || on_file != OnFile::Not;
    let usual = if repeated {
        Agreement::Recurring
    } else {
        Agreement::Unscheduled
    };
    let (usually_first, network_transaction_id) = match on_file {
        OnFile::Not | OnFile::FromNowOn => (!by_merchant, None),
        OnFile::Already {
            network_transaction_id,
        } => (false, network_transaction_id),
    };
    let is_first = first.unwrap_or(usually_first);
    Presence {
        initiator: if by_merchant {
            Initiator::Merchant
        } else {
            Initiator::Customer
        },
        market,
        stored_credential: kept.then(|| StoredCredential {
            agreement: agreement.unwrap_or(usual),
            is_first,
            network_transaction_id: network_transaction_id.filter(|_| !is_first),
        }),
    }
}

/// Whether the merchant repeats a payment, and where the first one came from. Cards that are swiped are none of ours.
fn eci(reading: &Reading<'_>) -> (bool, Market) {
    let given = reading.get("ECI").map(str::trim);
    match given.map(|eci| {
        eci.strip_prefix('0')
            .filter(|rest| !rest.is_empty())
            .unwrap_or(eci)
    }) {
        None | Some("5" | "6" | "7") => (false, Market::Ecommerce),
        Some("1" | "3" | "4") => (false, Market::Moto),
        Some("2") => (true, Market::Moto),
        Some("9") => (true, Market::Ecommerce),
        Some(_) => {
            reading.complain(NcError::ECI, "ECI not supported");
            (false, Market::Ecommerce)
        }
    }
}

fn choice<T: Copy>(text: &str, known: [(&str, T); 2]) -> Option<T> {
    known
        .into_iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
        .map(|(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directlink::charset::Charset;
    use crate::directlink::complaints::Complaint;
    use crate::directlink::form::Form;

    fn presence(body: &str) -> Result<Presence, Complaint> {
        presence_with(body, OnFile::Not)
    }

    fn presence_with(body: &str, on_file: OnFile) -> Result<Presence, Complaint> {
        let form = Form::read(body.as_bytes(), Charset::Utf8).unwrap();
        let reading = Reading::of(&form);
        let presence = read(&reading, on_file);
        reading.finish(Some(presence))
    }

    fn kept(agreement: Agreement, is_first: bool) -> Option<StoredCredential> {
        Some(StoredCredential {
            agreement,
            is_first,
            network_transaction_id: None,
        })
    }

    #[test]
    fn the_indicator_says_who_is_there() {
        use Initiator::{Customer, Merchant};
        use Market::{Ecommerce, Moto};
        for (body, initiator, market, stored_credential) in [
            ("", Customer, Ecommerce, None),
            ("ECI=7", Customer, Ecommerce, None),
            ("ECI=07", Customer, Ecommerce, None),
            ("ECI=1", Customer, Moto, None),
            ("ECI=3", Customer, Moto, None),
            ("ECI=4", Customer, Moto, None),
            ("ECI=2", Merchant, Moto, kept(Agreement::Recurring, false)),
            ("ECI=9", Merchant, Ecommerce, kept(Agreement::Recurring, false)),
        ] {
            let expected = Presence {
                initiator,
                market,
                stored_credential,
            };
            assert_eq!(presence(body), Ok(expected), "{body}");
        }
        for wrong in ["ECI=0", "ECI=8", "ECI=77", "ECI=x", "ECI=00"] {
            let complaint = Complaint::new(NcError::ECI, "ECI not supported");
            assert_eq!(presence(wrong), Err(complaint), "{wrong}");
        }
    }

    #[test]
    fn a_card_on_file_says_what_was_agreed() {
        for (body, initiator, stored_credential) in [
            (
                "COF_INITIATOR=CIT&COF_TRANSACTION=FIRST&COF_SCHEDULE=SCHED",
                Initiator::Customer,
                kept(Agreement::Recurring, true),
            ),
            (
                "COF_INITIATOR=CIT&COF_TRANSACTION=SUBSEQ&COF_SCHEDULE=UNSCHED",
                Initiator::Customer,
                kept(Agreement::Unscheduled, false),
            ),
            (
                "COF_INITIATOR=MIT&COF_TRANSACTION=SUBSEQ&COF_SCHEDULE=SCHED",
                Initiator::Merchant,
                kept(Agreement::Recurring, false),
            ),
            (
                "COF_INITIATOR=mit",
                Initiator::Merchant,
                kept(Agreement::Unscheduled, false),
            ),
            ("COF_INITIATOR=CIT", Initiator::Customer, None),
        ] {
            let read = presence(body).unwrap();
            assert_eq!(
                (read.initiator, read.stored_credential),
                (initiator, stored_credential),
                "{body}"
            );
        }
    }

    #[test]
    fn a_card_with_a_name_is_told_as_one_that_is_kept() {
        let already = || OnFile::Already {
            network_transaction_id: Some("016150703802094".to_owned()),
        };
        let pointing = |agreement| {
            kept(agreement, false).map(|stored| StoredCredential {
                network_transaction_id: Some("016150703802094".to_owned()),
                ..stored
            })
        };
        use Agreement::{Recurring, Unscheduled};
        for (body, on_file, expected) in [
            ("", OnFile::FromNowOn, kept(Unscheduled, true)),
            ("ECI=7", already(), pointing(Unscheduled)),
            ("ECI=9", already(), pointing(Recurring)),
            (
                "COF_INITIATOR=MIT&COF_SCHEDULE=SCHED",
                already(),
                pointing(Recurring),
            ),
            (
                "COF_INITIATOR=CIT&COF_TRANSACTION=FIRST&COF_SCHEDULE=SCHED",
                already(),
                kept(Recurring, true),
            ),
        ] {
            let stored = presence_with(body, on_file).unwrap().stored_credential;
            assert_eq!(stored, expected, "{body}");
        }
    }

    #[test]
    fn a_wrong_word_is_named() {
        for name in ["COF_INITIATOR", "COF_TRANSACTION", "COF_SCHEDULE"] {
            let complaint = presence(&format!("{name}=PERHAPS")).unwrap_err();
            assert_eq!(complaint.text, format!("{name} not valid"));
        }
        let both = presence("COF_INITIATOR=MIT&COF_TRANSACTION=FIRST").unwrap_err();
        assert!(both.text.starts_with("COF_TRANSACTION"), "{}", both.text);
    }
}
