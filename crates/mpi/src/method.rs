//! The 3DS Method: a hidden page of the ACS that looks at the cardholder's browser before the AReq (emv-3ds 13.2).
//!
//! A form posts [`request`] to the range's 3DS Method URL inside a hidden frame; the ACS's page posts a notification to
//! our URL, read by [`notified`]. Whether it came in time becomes `threeDSCompInd`
//! ([`crate::Transaction::completion_indicator`]).

use emv3ds::{
    ThreeDsServerTransId,
    encoding::{BadField, MethodNotification, MethodRequest},
};

/// The value of the form field `threeDSMethodData` to be posted to the 3DS Method URL.
pub fn request(id: ThreeDsServerTransId, notification_url: &str) -> String {
    MethodRequest {
        three_ds_server_trans_id: id,
        three_ds_method_notification_url: notification_url.to_owned(),
    }
    .to_form()
}

/// The transaction that a posted `threeDSMethodData` says is done. Nobody has signed it; all it does is end a wait.
pub fn notified(form_field: &str) -> Result<ThreeDsServerTransId, BadField> {
    MethodNotification::from_form(form_field).map(|notification| notification.three_ds_server_trans_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_notification_names_the_transaction_of_the_request() {
        let id = testing::transaction_id();
        let notification = MethodNotification {
            three_ds_server_trans_id: id,
        };
        assert_eq!(notified(&notification.to_form()), Ok(id));
        let sent = MethodRequest::from_form(&request(id, "https://mpi.example/method")).unwrap();
        assert_eq!(sent.three_ds_server_trans_id, id);
        assert_eq!(
            sent.three_ds_method_notification_url,
            "https://mpi.example/method"
        );
    }

    #[test]
    fn nonsense_from_a_browser_is_refused() {
        assert!(notified("not base64url!").is_err());
        assert!(notified("").is_err());
    }
}
