//! Places in a merchant's log as the merchant gets them: opaque, and of use to this merchant only.

use aws_lc_rs::digest;
use primitives::{Id, id::kind};
use store::event_log::Cursor;

/// Bytes of the mark that tells whose a place is. Not a secret: it tells a mix-up from a place, and a made-up place leads only
/// into the merchant's own log.
const MARK_BYTES: usize = 4;

/// What is written for the beginning of a log in which nothing is yet.
const BEGINNING: &str = "0";

/// Writes a place; `None` is the beginning.
pub(super) fn written(merchant: Id<kind::Merchant>, place: Option<Cursor>) -> String {
    let place = place.map_or_else(|| BEGINNING.to_owned(), |cursor| cursor.to_string());
    format!("{place}-{}", mark(merchant, &place))
}

/// Reads what was [`written`] for this merchant; `None` for anything else.
pub(super) fn read(merchant: Id<kind::Merchant>, text: &str) -> Option<Option<Cursor>> {
    let (place, given) = text.rsplit_once('-')?;
    if given != mark(merchant, place) {
        return None;
    }
    match place {
        BEGINNING => Some(None),
        _ => place.parse().ok().map(Some),
    }
}

fn mark(merchant: Id<kind::Merchant>, place: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"event log");
    context.update(merchant.uuid().as_bytes());
    context.update(place.as_bytes());
    let digest = context.finish();
    digest
        .as_ref()
        .iter()
        .take(MARK_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SOMEWHERE: &str = "1-2a-0191c1d27a5e7c608d5c1f2a3b4c5d6e";

    #[test]
    fn a_place_is_read_by_the_merchant_it_was_written_for() {
        let [one, other] = [1, 2].map(|number| Id::from_uuid(Uuid::from_u128(number)));
        let cursor: Cursor = SOMEWHERE.parse().unwrap();
        for place in [None, Some(cursor)] {
            let text = written(one, place);
            assert_eq!(read(one, &text), Some(place));
            assert_eq!(read(other, &text), None, "{text}");
            for changed in [
                format!("{text}0"),
                text.to_uppercase() + "F",
                text.replace('-', "_"),
                String::new(),
            ] {
                assert_eq!(read(one, &changed), None, "{changed}");
            }
        }
        assert_eq!(read(one, SOMEWHERE), None);
        assert_eq!(read(one, &format!("rubbish-{}", mark(one, "rubbish"))), None);
    }
}
