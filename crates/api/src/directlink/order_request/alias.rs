//! `ALIAS`: the name that the shop's card is kept under, or is to be kept under.

use super::{exposure::holds, presence::OnFile};
use crate::directlink::{complaints::Reading, form::Form};
use orchestrator::flows::directlink::alias::{Alias, KeptCard};
use payments::directlink::NcError;
use primitives::ExpiryDate;

const NAME_MAX_CHARACTERS: usize = 50;
const USAGE_MAX_CHARACTERS: usize = 255;

/// The name whose card an order is to be paid with, if there can be one of that name.
pub fn pays_with(form: &Form) -> Option<&str> {
    let name = form.get("ALIAS").filter(|name| is_name(name));
    name.filter(|_| form.get("CARDNO").is_none())
}

/// What an order says of a name.
#[derive(Debug)]
pub enum Named<'a> {
    /// Nothing.
    Not,
    /// Something that was found wrong.
    Wrongly,
    /// Its own card is to be kept.
    ToBeKept(Alias),
    /// It is paid with the card that is kept there.
    Kept(&'a str, &'a KeptCard),
}

/// Looks at the name and at what goes with it. `kept`: the card that [`pays_with`] leads to, if there is one.
pub fn read<'a>(reading: &Reading<'a>, kept: Option<&'a KeptCard>) -> Named<'a> {
    reading.text("ALIASUSAGE", USAGE_MAX_CHARACTERS);
    let ours = reading.one_of("ALIASOPERATION", |text| {
        [("BYMERCHANT", false), ("BYPSP", true)]
            .into_iter()
            .find_map(|(word, ours)| word.eq_ignore_ascii_case(text).then_some(ours))
    });
    let (ours, number) = (ours.unwrap_or(false), reading.get("CARDNO"));
    let Some(name) = reading.get("ALIAS") else {
        return match number {
            Some(_) if ours => Named::ToBeKept(Alias::KeepsUnderOurs),
            Some(_) | None => Named::Not,
        };
    };
    let wrong = if name.chars().count() > NAME_MAX_CHARACTERS {
        (NcError::INVALID, "ALIAS too long".to_owned())
    } else if !is_name(name) {
        (NcError::INVALID, "ALIAS not valid".to_owned())
    } else {
        match (number, kept) {
            (Some(number), _) if holds(name, number) => (
                NcError::ALIAS_IS_CARD,
                "ALIAS must not be the card number".to_owned(),
            ),
            (Some(_), _) if ours => return Named::ToBeKept(Alias::KeepsUnderOurs),
            (Some(_), _) => return Named::ToBeKept(Alias::Keeps(name.to_owned())),
            (None, Some(kept)) => return Named::Kept(name, kept),
            (None, None) => (NcError::INVALID, format!("Alias \"{name}\" not Found")),
        }
    };
    reading.complain(wrong.0, wrong.1);
    Named::Wrongly
}

impl<'a> Named<'a> {
    /// The card that is kept there.
    pub fn kept(&self) -> Option<&'a KeptCard> {
        match self {
            Self::Kept(_, kept) => Some(kept),
            Self::Not | Self::Wrongly | Self::ToBeKept(_) => None,
        }
    }

    /// What the schemes are to be told of it.
    pub fn on_file(&self) -> OnFile {
        match self {
            Self::Not | Self::Wrongly => OnFile::Not,
            Self::ToBeKept(_) => OnFile::FromNowOn,
            Self::Kept(_, kept) => OnFile::Already {
                network_transaction_id: kept.network_transaction_id.clone(),
            },
        }
    }

    /// What is done about the name once the card is known to expire then.
    pub fn into_alias(self, expiry: ExpiryDate) -> Option<Alias> {
        match self {
            Self::Not | Self::Wrongly => None,
            Self::ToBeKept(alias) => Some(alias),
            Self::Kept(name, kept) if kept.card.expiry == expiry => Some(Alias::Used(name.to_owned())),
            Self::Kept(name, _) => Some(Alias::Keeps(name.to_owned())),
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_MAX_CHARACTERS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
