use super::{
    testing::{Authority, Key, named, pem},
    *,
};
use rcgen::{DnType, SerialNumber};
use time::macros::datetime;

#[test]
fn a_certificate_says_who_it_is_of_and_until_when() {
    let mut params = named("3ds.pasarela.example");
    params.distinguished_name.push(DnType::CountryName, "MX");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Pasarela, S.A.");
    params.serial_number = Some(SerialNumber::from_slice(&[0xa1, 0x02, 0x03]));
    params.not_before = datetime!(2026-01-02 03:04:05 UTC);
    params.not_after = datetime!(2055-06-07 08:09:10 UTC);
    let issued = params.self_signed(&Key::generate()).unwrap();
    let read = Certificate::read_pem(&pem("CERTIFICATE", issued.der())).unwrap();
    let certificate = &read[0];
    assert_eq!(
        certificate.subject,
        "O=Pasarela\\, S.A.,C=MX,CN=3ds.pasarela.example"
    );
    assert_eq!(certificate.issuer, certificate.subject);
    assert_eq!(certificate.serial, "a10203");
    assert_eq!(certificate.not_before, datetime!(2026-01-02 03:04:05 UTC));
    assert_eq!(certificate.not_after, datetime!(2055-06-07 08:09:10 UTC));
    assert_eq!(certificate.fingerprint().len(), 64);
    assert!(certificate.is_valid_at(datetime!(2055-06-07 08:09:10 UTC)));
    assert!(!certificate.is_valid_at(datetime!(2055-06-07 08:09:11 UTC)));
}

#[test]
fn a_chain_is_stored_as_it_was_whatever_surrounded_it() {
    let authority = Authority::new("CA");
    let issued = authority.issue("ds.example");
    let text = format!(
        "Bag Attributes\n{}\r\nissuer\n{}",
        issued.certificate,
        authority.pem()
    );
    let chain = Certificate::read_pem(&text).unwrap();
    assert_eq!(chain.len(), 2);
    let stored = pem_of(&chain);
    assert_eq!(Certificate::read_pem(&stored).unwrap(), chain);
    assert_eq!(pem_of(&Certificate::read_pem(&stored).unwrap()), stored);
    assert_eq!(roots_of(&chain).len(), 2);
}

#[test]
fn what_is_no_certificate_is_refused_and_a_key_above_all() {
    let issued = Authority::new("CA").issue("ds.example");
    let refused = |text: &str| Certificate::read_pem(text).unwrap_err();
    assert_eq!(refused(""), CertificateError::NotPem);
    assert_eq!(
        refused(&format!("{}{}", issued.certificate, issued.key)),
        CertificateError::NotOnlyCertificates
    );
    assert_eq!(
        refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        CertificateError::Unreadable
    );
    assert_eq!(
        refused("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n"),
        CertificateError::NotPem
    );
    assert_eq!(
        refused(&issued.certificate.repeat(CERTIFICATES_MAX + 1)),
        CertificateError::TooMany
    );
}

#[test]
fn a_key_belongs_to_the_first_certificate_or_is_refused() {
    let authority = Authority::new("CA");
    let (one, other) = (authority.issue("one.example"), authority.issue("other.example"));
    let chain = Certificate::read_pem(&one.certificate).unwrap();
    let check = |key: &str| {
        certified_key(&chain, &Secret::new(key.to_owned()))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(check(&one.key), Ok(()));
    assert_eq!(check(&other.key), Err(CertificateError::KeyMismatch.to_string()));
    assert_eq!(
        check(&one.certificate),
        Err(CertificateError::NotAKey.to_string())
    );
    let junk = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(check(junk), Err(CertificateError::UnsuitableKey.to_string()));
}
