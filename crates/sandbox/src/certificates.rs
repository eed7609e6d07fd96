//! The sandbox's own certification authority, made at every start: nothing of it outlives the run, and nobody else trusts
//! it. It plays what each scheme's authority does, and issues the certificates of both sides, directory servers' and the
//! gateway's.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::{Brand, Secret};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::directory::BRANDS;

/// The name on the gateway's client certificate. Directory servers here speak with nobody else.
pub const GATEWAY_NAME: &str = "gateway.sandbox.test";
/// How long certificates count: longer than any run, and long enough for nobody to be warned.
const VALID_FOR: Duration = Duration::days(365);
/// Clocks may differ.
const VALID_SINCE: Duration = Duration::hours(1);
/// The folder of these files below the working folder.
const FOLDER: &str = "tls";

/// The name on a brand's client certificate, with which its directory server posts results.
pub fn directory_name(brand: Brand) -> String {
    format!("{brand}.directory.sandbox.test")
}

/// A certificate and its key, both PEM.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: Secret<String>,
}

impl Issued {
    /// Both in one text.
    pub fn pem(&self) -> Secret<String> {
        Secret::new(format!("{}{}", self.certificate, self.key.reveal()))
    }
}

/// Every certificate of a run.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The authority's own, the one root that both sides trust.
    pub authority: String,
    /// Of the port where directory servers listen.
    pub directory_server: Issued,
    /// Of each brand's directory server when it posts results.
    pub directory_clients: BTreeMap<Brand, Issued>,
    /// Of the gateway when it asks directory servers.
    pub gateway_client: Issued,
    /// Of the gateway's results listener.
    pub gateway_results: Issued,
}

impl Certificates {
    /// Makes the authority and everything it issues. Servers are reached by loopback addresses and by `addresses`.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn make(addresses: &[SocketAddr]) -> io::Result<Self> {
        let authority = Authority::new()?;
        let mut hosts = vec!["127.0.0.1".to_owned(), "::1".to_owned(), "localhost".to_owned()];
        for address in addresses.iter().map(SocketAddr::ip).map(|ip| ip.to_string()) {
            if !hosts.contains(&address) {
                hosts.push(address);
            }
        }
        let client =
            |name: &str| authority.issue(name, &[name.to_owned()], ExtendedKeyUsagePurpose::ClientAuth);
        let server = |name: &str| authority.issue(name, &hosts, ExtendedKeyUsagePurpose::ServerAuth);
        let directory_client = |brand: Brand| Ok((brand, client(&directory_name(brand))?));
        Ok(Self {
            directory_server: server("directory.sandbox.test")?,
            directory_clients: BRANDS
                .into_iter()
                .map(directory_client)
                .collect::<io::Result<_>>()?,
            gateway_client: client(GATEWAY_NAME)?,
            gateway_results: server("results.sandbox.test")?,
            authority: pem("CERTIFICATE", authority.0.der()),
        })
    }

    /// Writes what the gateway and whoever plays a directory server need into the working folder; keys are for us only.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, var: &Path) -> io::Result<()> {
        let folder = folder(var);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let files = GatewayFiles::below(var);
        write_privately(&files.certificate, &self.gateway_results.certificate)?;
        write_privately(&files.key, self.gateway_results.key.reveal())?;
        write_privately(&folder.join("authority.pem"), &self.authority)?;
        for (brand, client) in &self.directory_clients {
            write_privately(
                &folder.join(format!("directory-{brand}.pem")),
                client.pem().reveal(),
            )?;
        }
        write_privately(&folder.join("gateway.pem"), self.gateway_client.pem().reveal())
    }

    /// Puts addresses and certificates into the seeds' directory servers.
    pub fn into_seeds(&self, seeds: &mut Value, directory_url: &str) {
        let servers = seeds.get_mut("directory_servers").and_then(Value::as_array_mut);
        for server in servers.into_iter().flatten() {
            let Some(brand) = server["brand"].as_str().and_then(Brand::parse) else {
                continue;
            };
            server["url"] = json!(format!("{directory_url}/directory/{brand}"));
            server["client_certificate"] = json!(self.gateway_client.certificate);
            server["client_key"] = json!(self.gateway_client.key.reveal());
            server["roots"] = json!(self.authority);
            server["results_names"] = json!([directory_name(brand)]);
        }
    }
}

/// Where the certificate of the gateway's results listener is.
#[derive(Clone, Debug)]
pub struct GatewayFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl GatewayFiles {
    /// The files in a working folder.
    pub fn below(var: &Path) -> Self {
        let folder = folder(var);
        Self {
            certificate: folder.join("results.pem"),
            key: folder.join("results.key"),
        }
    }
}

/// The folder of the certificates' files in a working folder.
pub fn folder(var: &Path) -> PathBuf {
    var.join(FOLDER)
}

/// Replaces a file whole, so that a gateway that watches it reads the old one or the new one.
fn write_privately(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&beside, path)
}

/// Issues certificates.
struct Authority(CertifiedIssuer<'static, Key>);

impl Authority {
    fn new() -> io::Result<Self> {
        let mut params = named("Pasarela sandbox authority")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, Key::generate()?).map_err(io::Error::other)?;
        Ok(Self(issuer))
    }

    fn issue(&self, name: &str, hosts: &[String], usage: ExtendedKeyUsagePurpose) -> io::Result<Issued> {
        let mut params = named(name)?;
        for host in hosts {
            params.subject_alt_names.push(match host.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(host.as_str().try_into().map_err(io::Error::other)?),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = Key::generate()?;
        let issued = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        Ok(Issued {
            certificate: pem("CERTIFICATE", issued.der()),
            key: Secret::new(key.pem),
        })
    }
}

/// What every certificate has.
fn named(name: &str) -> io::Result<CertificateParams> {
    let mut number = [0; 16];
    rand::fill(&mut number).map_err(|_| io::Error::other("the system has no randomness"))?;
    // A positive number.
    number[0] &= 0x7f;
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(&number));
    params.key_identifier_method = KeyIdMethod::PreSpecified(number.to_vec());
    (params.not_before, params.not_after) = (now - VALID_SINCE, now + VALID_FOR);
    Ok(params)
}

/// A key on P-256.
struct Key {
    pair: EcdsaKeyPair,
    pem: String,
}

impl Key {
    fn generate() -> io::Result<Self> {
        let failed = || io::Error::other("no key can be made");
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .map_err(|_| failed())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref());
        Ok(Self {
            pair: pair.map_err(|_| failed())?,
            pem: pem("PRIVATE KEY", document.as_ref()),
        })
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        let signature = signature.map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {what}-----\n");
    for (index, character) in STANDARD.encode(der).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + &format!("\n-----END {what}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn seeds_get_what_mutual_tls_takes() {
        let certificates = Certificates::make(&["192.0.2.7:1".parse().unwrap()]).unwrap();
        let mut seeds = json!({"directory_servers": [{"brand": "visa", "url": "http://x"}, {"brand": "?"}]});
        certificates.into_seeds(&mut seeds, "https://127.0.0.1:8091");
        let visa = &seeds["directory_servers"][0];
        assert_eq!(visa["url"], "https://127.0.0.1:8091/directory/visa");
        assert_eq!(visa["results_names"], json!(["visa.directory.sandbox.test"]));
        assert!(visa["client_key"].as_str().unwrap().contains("PRIVATE KEY"));
        assert_eq!(seeds["directory_servers"][1], json!({"brand": "?"}));
    }

    #[test]
    fn files_are_private_and_replaced_at_the_next_start() {
        let var = std::env::temp_dir().join(format!("sandbox-tls-{}", uuid::Uuid::new_v4()));
        let files = GatewayFiles::below(&var);
        Certificates::make(&[]).unwrap().write(&var).unwrap();
        let first = fs::read_to_string(&files.certificate).unwrap();
        Certificates::make(&[]).unwrap().write(&var).unwrap();
        assert_ne!(fs::read_to_string(&files.certificate).unwrap(), first);
        for file in fs::read_dir(folder(&var)).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(var).unwrap();
    }
}
