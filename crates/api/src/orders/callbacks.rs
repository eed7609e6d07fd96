//! Where the shopper's browser goes afterwards (deuna-api.md section 6.2).

use crate::orders::fields::Fields;
use payments::Callbacks;
use primitives::UrlPolicy;

/// The callbacks given with a purchase: `callback_urls` (V2) or `specific_fields.callbacks` (V1), and `callback_url`
/// for what has none of its own.
pub fn of_purchase(root: &Fields<'_>, urls: UrlPolicy) -> Callbacks {
    let specific = root.object("specific_fields");
    let named = root
        .object("callback_urls")
        .or_else(|| specific.as_ref().and_then(|fields| fields.object("callbacks")));
    let url = |name| named.as_ref().and_then(|fields| fields.url(name, urls));
    Callbacks {
        on_success: url("on_success"),
        on_reject: url("on_reject"),
        on_canceled: url("on_canceled"),
        on_failed: url("on_failed"),
        any: root.url("callback_url", urls),
    }
}

/// The callbacks of an order: `redirect_urls`, as payment links have them, and `redirect_url`.
pub fn of_order(order: &Fields<'_>, urls: UrlPolicy) -> Callbacks {
    let named = order.object("redirect_urls");
    let url = |name| named.as_ref().and_then(|fields| fields.url(name, urls));
    let error = url("error");
    Callbacks {
        on_success: url("success"),
        on_reject: error.clone(),
        on_canceled: url("close"),
        on_failed: error,
        any: order.url("redirect_url", urls),
    }
}
