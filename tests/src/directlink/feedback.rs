//! What the gateway tells a shop by itself: parameters on the way back of the browser, and post-sale requests.

use super::Account;
use super::signature;

/// Parameters as they came: names, and bytes in Windows-1252.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback(Vec<(String, Vec<u8>)>);

impl Feedback {
    /// Reads a query string, or a body.
    pub fn read(encoded: &str) -> Self {
        let pairs = encoded.split('&').filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                String::from_utf8(unescaped(name)).expect("a name in ASCII"),
                unescaped(value),
            )
        };
        Self(pairs.map(read).collect())
    }

    /// Reads the query of the address that a browser was sent to.
    pub fn of_redirect(url: &str) -> Self {
        Self::read(url.split_once('?').map_or("", |(_, query)| query))
    }

    /// The names, in their order.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// A value; empty where there is none. Names are matched as they are written.
    pub fn get(&self, name: &str) -> String {
        let found = self.0.iter().find(|(given, _)| given == name);
        let bytes = found.map(|(_, value)| value.as_slice()).unwrap_or_default();
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    /// Panics unless the account's passphrase signs it.
    pub fn assert_signed_by(&self, account: &Account) {
        let digest = signature::of_feedback(&self.0, &account.sha_out, account.hash);
        assert_eq!(self.get("SHASIGN"), digest, "{self:?}");
    }
}

/// Without the encoding of forms.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next().expect("two digits")).to_digit(16);
                let (high, low) = (digit(), digit());
                u8::try_from(high.expect("a digit") * 16 + low.expect("a digit")).expect("a byte")
            }
            other => other,
        });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_is_read_byte_by_byte() {
        let told = Feedback::of_redirect("https://shop.example/ok?own=1&orderID=A+1&CN=Jos%E9&VC=");
        assert_eq!(told.names(), ["own", "orderID", "CN", "VC"]);
        assert_eq!(told.get("CN"), "José");
        assert_eq!(told.get("orderID"), "A 1");
        assert_eq!(told.get("STATUS"), "");
    }
}
