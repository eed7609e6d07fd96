//! The digests of both directions (ogone-directlink.md, sections 4 and 9.4).

use aws_lc_rs::digest;

/// An account's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// `sha1`
    Sha1,
    /// `sha256`
    Sha256,
    /// `sha512`
    Sha512,
}

impl Hash {
    /// As `sandbox.json` has it.
    pub fn parse(text: &str) -> Self {
        match text {
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha512" => Self::Sha512,
            other => panic!("no digest: {other}"),
        }
    }

    /// Upper-case hexadecimal digits.
    fn of(self, text: &[u8]) -> String {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        };
        let made = digest::digest(algorithm, text);
        made.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

/// What a shop signs: everything it sends.
pub fn of_request(pairs: &[(String, Vec<u8>)], passphrase: &str, hash: Hash) -> String {
    of(pairs, passphrase, hash, |_| true)
}

/// What the gateway signs: of what it sends, the parameters of the vendor's list.
pub fn of_feedback(pairs: &[(String, Vec<u8>)], passphrase: &str, hash: Hash) -> String {
    of(pairs, passphrase, hash, |name| {
        SIGNED_FEEDBACK.split_whitespace().any(|listed| listed == name)
    })
}

fn of(pairs: &[(String, Vec<u8>)], passphrase: &str, hash: Hash, counts: impl Fn(&str) -> bool) -> String {
    let mut signed: Vec<(String, &[u8])> = pairs
        .iter()
        .map(|(name, value)| (name.to_ascii_uppercase(), value.as_slice()))
        .filter(|(name, value)| !value.is_empty() && name != "SHASIGN" && counts(name))
        .collect();
    signed.sort_by(|(one, _), (other, _)| place(one).cmp(&place(other)));
    let mut text = Vec::new();
    for (name, value) in signed {
        for part in [name.as_bytes(), b"=", value, passphrase.as_bytes()] {
            text.extend_from_slice(part);
        }
    }
    hash.of(&text)
}

/// `ITEMNAME2` goes before `ITEMNAME10`.
fn place(name: &str) -> (&str, u32) {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    match name[stem.len()..].parse() {
        Ok(number) if name.starts_with("ITEM") => (stem, number),
        _ => (name, 0),
    }
}

/// Appendix B.
const SIGNED_FEEDBACK: &str = "
    AAVADDRESS AAVCHECK AAVMAIL AAVNAME AAVPHONE AAVZIP ACCEPTANCE ALIAS AMOUNT BIC BIN BRAND CARDNO CCCTY CN COLLECTOR_BIC
    COLLECTOR_IBAN COMPLUS CREATION_STATUS CREDITDEBIT CURRENCY CVCCHECK DCC_COMMPERCENTAGE DCC_CONVAMOUNT DCC_CONVCCY
    DCC_EXCHRATE DCC_EXCHRATESOURCE DCC_EXCHRATETS DCC_INDICATOR DCC_MARGINPERCENTAGE DCC_VALIDHOURS DEVICEID DIGESTCARDNO ECI
    ED EMAIL ENCCARDNO FXAMOUNT FXCURRENCY IP IPCTY MANDATEID MOBILEMODE NBREMAILUSAGE NBRIPUSAGE NBRIPUSAGE_ALLTX NBRUSAGE
    NCERROR ORDERID PAYID PAYIDSUB PAYMENT_REFERENCE PM SCO_CATEGORY SCORING SEQUENCETYPE SIGNDATE STATUS SUBBRAND
    SUBSCRIPTION_ID TRXDATE VC";

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        of.iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect()
    }

    /// The vendor's own example.
    #[test]
    fn a_request_is_signed_as_the_vendor_says() {
        let order = pairs(&[
            ("PSPID", "MyPSPID"),
            ("orderID", "1234"),
            ("amount", "1500"),
            ("currency", "EUR"),
            ("operation", "RES"),
            ("cardno", "4111111111111111"),
            ("COM", ""),
            ("SHASIGN", "whatever"),
        ]);
        let signed = |hash| of_request(&order, "Mysecretsig1875!?", hash);
        assert_eq!(signed(Hash::Sha1), "2B459D4D3AF0C678695AE77EE5BF0C83CA6F0AD8");
        assert_eq!(
            signed(Hash::Sha256),
            "A529A95039C77565E6E943C671010202A49C76708B53485522E84B38372CA7DB"
        );
        assert!(signed(Hash::Sha512).starts_with("BDD00813375BC55B84745D734F6FC162"));
    }

    /// The vendor's own example, with a pair of the shop's that is not signed.
    #[test]
    fn feedback_is_signed_as_the_vendor_says() {
        let told = pairs(&[
            ("orderID", "12"),
            ("currency", "EUR"),
            ("amount", "15"),
            ("PM", "CreditCard"),
            ("ACCEPTANCE", "1234"),
            ("STATUS", "9"),
            ("CARDNO", "XXXXXXXXXXXX1111"),
            ("PAYID", "32100123"),
            ("NCERROR", "0"),
            ("BRAND", "VISA"),
            ("session", "abc"),
        ]);
        assert_eq!(
            of_feedback(&told, "Mysecretsig1875!?", Hash::Sha1),
            "209113288F93A9AB8E474EA78D899AFDBB874355"
        );
    }
}
