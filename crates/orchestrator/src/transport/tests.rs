//! The transport against servers that ask for certificates, as directory servers do.

use super::*;
use crate::{
    certificate::{
        Certificate, roots_of,
        testing::{Authority, Issued},
    },
    vault::key_file::Keys,
};
use primitives::{Brand, HttpUrl, Secret, Unreadable, UrlPolicy};
use rustls::{
    ServerConfig, crypto::aws_lc_rs::default_provider, pki_types::CertificateDer,
    server::WebPkiClientVerifier,
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::directory_servers::{ClientCertificate, DirectoryTls};
use time::{OffsetDateTime, macros::datetime};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

const WITHIN: Duration = Duration::from_secs(10);
const MADE: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

/// A directory server that answers with the name on its caller's certificate.
struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(certificate: &Issued, clients: &Authority) -> Self {
        let chain = Certificate::read_pem(&certificate.certificate).unwrap();
        let key = crate::certificate::certified_key(&chain, &Secret::new(certificate.key.clone())).unwrap();
        let provider = Arc::new(default_provider());
        let trusted = Certificate::read_pem(&clients.pem()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots_of(&trusted).into(), Arc::clone(&provider))
                .build()
                .unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(key)));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(acceptor.clone(), stream, Arc::clone(&counted)));
            }
        });
        Self { port, requests }
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, requests: Arc<AtomicUsize>) {
    let mut stream = match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => stream,
        Err((_, mut stream)) => {
            // Reads what is on its way, so that the alert is not overtaken by a reset.
            let drained = async { while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {} };
            let _ = tokio::time::timeout(WITHIN, drained).await;
            return;
        }
    };
    let peer: &[CertificateDer<'static>] = stream.get_ref().1.peer_certificates().unwrap();
    let name = Certificate::read(peer[0].clone()).unwrap().subject;
    let mut received = Vec::new();
    loop {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(length) => received.extend_from_slice(&chunk[..length]),
        }
        if received.ends_with(b"\r\n\r\n") {
            received.clear();
            requests.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(3)).await;
            let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

struct Ours {
    transport: Transport,
    vault: Vault,
}

impl Ours {
    fn new() -> Self {
        Self {
            transport: Transport::new(TransportSettings::default()).unwrap(),
            vault: Vault::from_keys(Keys::generate().unwrap()).unwrap(),
        }
    }

    fn tls(&self, roots: &Authority, client: Option<&Issued>) -> DirectoryTls {
        let sealed = |key: &str| {
            self.vault
                .seal(b"directory server key:visa", key.as_bytes())
                .unwrap()
        };
        DirectoryTls {
            client: client.map(|client| ClientCertificate {
                chain: client.certificate.clone(),
                key_sealed: sealed(&client.key),
            }),
            roots: Some(roots.pem()),
            results_names: None,
        }
    }

    async fn ask(&self, host: &str, port: u16, tls: DirectoryTls) -> Sent<String> {
        let url = format!("https://{host}:{port}/");
        let server = directory_server(&url, tls);
        let line = self.transport.line_to(&server, &self.vault).unwrap();
        let request = HttpRequest::new(Method::Get, url::Url::parse(&url).unwrap());
        let exchange = Exchange::new(request, |reply| {
            String::from_utf8(reply.body.clone()).map_err(|_| Unreadable("no text".into()))
        });
        self.transport.send_on(&line, exchange, WITHIN).await
    }
}

fn directory_server(url: &str, tls: DirectoryTls) -> DirectoryServer {
    DirectoryServer {
        brand: Brand::Visa,
        url: HttpUrl::parse(url, UrlPolicy::HttpsOnly).unwrap(),
        backup_url: None,
        connect_timeout_ms: 5_000,
        read_timeout_ms: 5_000,
        reference_number: None,
        operator_id: None,
        versions: None,
        results_url: None,
        tls,
        created_at: MADE,
        updated_at: MADE,
    }
}

fn not_sent(sent: &Sent<String>) -> &'static str {
    match sent {
        Sent::NotSent(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn our_certificate_is_shown_to_a_directory_server_under_its_own_roots() {
    let (authority, ours) = (Authority::new("DS CA"), Ours::new());
    let server = Server::start(&authority.issue("127.0.0.1"), &authority).await;
    let client = authority.issue("3ds.pasarela.example");
    let sent = ours
        .ask("127.0.0.1", server.port, ours.tls(&authority, Some(&client)))
        .await;
    assert!(
        matches!(&sent, Sent::Answered(name) if name == "CN=3ds.pasarela.example"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_certificate_that_is_absent_foreign_or_expired_is_refused_before_anything_is_read() {
    let (authority, foreign, ours) = (Authority::new("DS CA"), Authority::new("Other CA"), Ours::new());
    let server = Server::start(&authority.issue("127.0.0.1"), &authority).await;
    let old = authority.issue_for(
        "old",
        datetime!(2020-01-01 00:00 UTC),
        datetime!(2021-01-01 00:00 UTC),
    );
    for wrong in [foreign.issue("3ds.pasarela.example"), old] {
        let sent = ours
            .ask("127.0.0.1", server.port, ours.tls(&authority, Some(&wrong)))
            .await;
        assert_eq!(not_sent(&sent), "our certificate was refused");
    }
    let sent = ours
        .ask("127.0.0.1", server.port, ours.tls(&authority, None))
        .await;
    assert!(!matches!(sent, Sent::Answered(_)), "{sent:?}");
    assert_eq!(server.requests.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_directory_server_that_does_not_prove_its_name_gets_nothing() {
    let (authority, foreign, ours) = (Authority::new("DS CA"), Authority::new("Other CA"), Ours::new());
    let client = authority.issue("3ds.pasarela.example");
    let expired = authority.issue_for(
        "127.0.0.1",
        datetime!(2020-01-01 00:00 UTC),
        datetime!(2021-01-01 00:00 UTC),
    );
    for certificate in [foreign.issue("127.0.0.1"), authority.issue("ds.example"), expired] {
        let server = Server::start(&certificate, &authority).await;
        let sent = ours
            .ask("127.0.0.1", server.port, ours.tls(&authority, Some(&client)))
            .await;
        assert_eq!(not_sent(&sent), "no connection");
        assert_eq!(server.requests.load(Ordering::Relaxed), 0);
    }
    // Without pinned roots the system's count, and no authority of a test is among those.
    let server = Server::start(&authority.issue("127.0.0.1"), &authority).await;
    let unpinned = DirectoryTls {
        roots: None,
        ..ours.tls(&authority, Some(&client))
    };
    assert_eq!(
        not_sent(&ours.ask("127.0.0.1", server.port, unpinned).await),
        "no connection"
    );
}

#[tokio::test]
async fn a_certificate_is_replaced_while_requests_run_and_none_is_lost() {
    let (authority, ours) = (Authority::new("DS CA"), Arc::new(Ours::new()));
    let server = Server::start(&authority.issue("127.0.0.1"), &authority).await;
    let certificates = ["before.example", "after.example"].map(|name| authority.issue(name));
    let tls = Arc::new(Mutex::new(ours.tls(&authority, Some(&certificates[0]))));
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let (ours, tls, port) = (Arc::clone(&ours), Arc::clone(&tls), server.port);
        senders.spawn(async move {
            let mut names: BTreeMap<String, usize> = BTreeMap::new();
            for _ in 0..40 {
                let now = tls.lock().unwrap().clone();
                match ours.ask("127.0.0.1", port, now).await {
                    Sent::Answered(name) => *names.entry(name).or_default() += 1,
                    lost => panic!("{lost:?}"),
                }
            }
            names
        });
    }
    while server.requests.load(Ordering::Relaxed) < 100 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    *tls.lock().unwrap() = ours.tls(&authority, Some(&certificates[1]));
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(sender) = senders.join_next().await {
        for (name, times) in sender.unwrap() {
            *names.entry(name).or_default() += times;
        }
    }
    assert_eq!(names.values().sum::<usize>(), 320);
    assert!(
        names["CN=before.example"] >= 90 && names["CN=after.example"] >= 1,
        "{names:?}"
    );
    let now = tls.lock().unwrap().clone();
    let last = ours.ask("127.0.0.1", server.port, now).await;
    assert!(
        matches!(&last, Sent::Answered(name) if name == "CN=after.example"),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_key_that_does_not_open_makes_no_line() {
    let (authority, ours) = (Authority::new("DS CA"), Ours::new());
    let client = authority.issue("3ds.pasarela.example");
    let mut server = directory_server("https://ds.example/", ours.tls(&authority, Some(&client)));
    server.brand = Brand::Mastercard;
    let line = ours.transport.line_to(&server, &ours.vault);
    assert!(
        matches!(line, Err(NoLine::Key(_))),
        "sealed for another brand: {line:?}"
    );
}
