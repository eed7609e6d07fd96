//! The results listener against clients as directory servers are, and as they must not be.

#[path = "../../../orchestrator/src/certificate/testing.rs"]
mod testing;

use super::{
    RESULTS_PATH, ResultsReceiver,
    listener::TlsListener,
    served::{CertificateFiles, Keeper, TlsFiles, TlsFilesError},
};
use crate::{results_router, server::serve_results};
use orchestrator::{Fault, flows::sender::Sender};
use primitives::{Brand, HttpUrl, UrlPolicy};
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use store::directory_servers::{DirectoryServer, DirectoryTls};
use testing::{Authority, Issued};
use time::{OffsetDateTime, macros::datetime};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Remembers who sent, and answers with their subject.
#[derive(Default)]
struct Noting(Mutex<Vec<Sender>>);

#[async_trait::async_trait]
impl ResultsReceiver for Noting {
    async fn received(&self, sender: &Sender, _body: &[u8]) -> Result<Vec<u8>, Fault> {
        self.0.lock().unwrap().push(sender.clone());
        match sender {
            Sender::Certified { subject, .. } => Ok(subject.clone().into_bytes()),
            Sender::Unchecked => panic!("nobody is unchecked here"),
        }
    }
}

/// A listener with files of its own.
struct World {
    folder: PathBuf,
    files: TlsFiles,
    keeper: Keeper,
    receiver: Arc<Noting>,
    port: u16,
}

impl World {
    async fn open(certificate: &Issued, servers: &[DirectoryServer]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("results-tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let files = TlsFiles {
            certificates: vec![CertificateFiles {
                certificate: folder.join("results.pem"),
                key: folder.join("results.key"),
            }],
            client_roots: None,
        };
        write(&files.certificates[0], certificate);
        let keeper = Keeper::new(files.clone(), servers).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Arc::new(Noting::default());
        let router = results_router(Arc::clone(&receiver) as _, keeper.served());
        let listener = TlsListener::new(listener, keeper.served()).unwrap();
        tokio::spawn(serve_results(listener, router, std::future::pending()));
        Self {
            folder,
            files,
            keeper,
            receiver,
            port,
        }
    }

    async fn post(&self, client: &reqwest::Client) -> Result<(u16, String), reqwest::Error> {
        let url = format!("https://127.0.0.1:{}{RESULTS_PATH}", self.port);
        let response = client.post(url).body("{}").send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    fn senders(&self) -> Vec<Sender> {
        self.receiver.0.lock().unwrap().clone()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn write(files: &CertificateFiles, issued: &Issued) {
    fs::write(&files.certificate, &issued.certificate).unwrap();
    fs::write(&files.key, &issued.key).unwrap();
}

fn server(brand: Brand, authority: &Authority, name: Option<&str>) -> DirectoryServer {
    DirectoryServer {
        brand,
        url: HttpUrl::parse("https://ds.example/", UrlPolicy::HttpsOnly).unwrap(),
        backup_url: None,
        connect_timeout_ms: 1,
        read_timeout_ms: 1,
        reference_number: None,
        operator_id: None,
        versions: None,
        results_url: None,
        tls: DirectoryTls {
            client: None,
            roots: Some(authority.pem()),
            results_names: name.map(|name| vec![name.to_owned()]),
        },
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: OffsetDateTime::UNIX_EPOCH,
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a directory server has a client of its own"
)]
fn client(roots: &Authority, shows: Option<&Issued>) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(roots.pem().as_bytes()).unwrap();
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .retry(reqwest::retry::never())
        .tls_certs_only([root]);
    if let Some(issued) = shows {
        let pem = format!("{}{}", issued.certificate, issued.key);
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn a_directory_server_is_known_by_its_certificate() {
    let authority = Authority::new("CA");
    let servers = [
        server(Brand::Visa, &authority, Some("visa.ds.example")),
        server(Brand::Jcb, &authority, Some("jcb.ds.example")),
    ];
    let world = World::open(&authority.issue("127.0.0.1"), &servers).await;
    let visa = client(&authority, Some(&authority.issue("visa.ds.example")));
    assert_eq!(
        world.post(&visa).await.unwrap(),
        (200, "CN=visa.ds.example".into())
    );
    assert_eq!(
        world.senders(),
        [Sender::Certified {
            subject: "CN=visa.ds.example".into(),
            brands: vec![Brand::Visa],
        }]
    );
    let url = format!("https://127.0.0.1:{}/health/ready", world.port);
    let elsewhere = visa.get(url).send().await.unwrap();
    assert_eq!(elsewhere.status(), 404, "nothing else is served here");
}

#[tokio::test]
async fn nobody_gets_in_without_a_certificate_that_counts() {
    let (authority, foreign) = (Authority::new("CA"), Authority::new("Another CA"));
    let world = World::open(
        &authority.issue("127.0.0.1"),
        &[server(Brand::Visa, &authority, None)],
    )
    .await;
    let expired = authority.issue_for(
        "old.ds.example",
        datetime!(2020-01-01 00:00 UTC),
        datetime!(2021-01-01 00:00 UTC),
    );
    for wrong in [None, Some(foreign.issue("visa.ds.example")), Some(expired)] {
        let answer = world.post(&client(&authority, wrong.as_ref())).await;
        assert!(answer.is_err(), "{answer:?}");
    }
    // A client, too, talks only to whom it knows, by the name it called.
    let ours = authority.issue("visa.ds.example");
    assert!(world.post(&client(&foreign, Some(&ours))).await.is_err());
    let elsewhere = World::open(
        &authority.issue("3ds.example"),
        &[server(Brand::Visa, &authority, None)],
    )
    .await;
    assert!(elsewhere.post(&client(&authority, Some(&ours))).await.is_err());
    assert_eq!((world.senders(), elsewhere.senders()), (vec![], vec![]));
}

#[tokio::test]
async fn plain_http_gets_an_end_of_the_connection_and_nothing_else() {
    let authority = Authority::new("CA");
    let world = World::open(
        &authority.issue("127.0.0.1"),
        &[server(Brand::Visa, &authority, None)],
    )
    .await;
    let mut stream = TcpStream::connect(("127.0.0.1", world.port)).await.unwrap();
    let request = format!("POST {RESULTS_PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(answer.len() <= 7, "a TLS alert at most: {answer:?}");
    assert_eq!(world.senders(), []);
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_waiting() {
    let authority = Authority::new("CA");
    let world = World::open(
        &authority.issue("127.0.0.1"),
        &[server(Brand::Visa, &authority, None)],
    )
    .await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(("127.0.0.1", world.port)).await.unwrap());
    }
    let client = client(&authority, Some(&authority.issue("visa.ds.example")));
    let answer = tokio::time::timeout(Duration::from_secs(4), world.post(&client));
    assert_eq!(answer.await.unwrap().unwrap().0, 200);
}

#[tokio::test]
async fn certificates_and_trust_change_while_requests_run_and_none_is_lost() {
    let (old, new) = (Authority::new("Old CA"), Authority::new("New CA"));
    let mut world = World::open(&old.issue("127.0.0.1"), &[server(Brand::Visa, &old, None)]).await;
    let of_old = client(&old, Some(&old.issue("visa.ds.example")));
    world.post(&of_old).await.unwrap();

    // The key file is not there yet: what is served stays.
    let renewed = new.issue("127.0.0.1");
    let files = world.files.certificates[0].clone();
    fs::write(&files.certificate, &renewed.certificate).unwrap();
    world.keeper.look(&[server(Brand::Visa, &old, None)], false).await;
    let again = client(&old, Some(&old.issue("visa.ds.example")));
    assert_eq!(world.post(&again).await.unwrap().0, 200);

    // Meanwhile requests on connections of before go on.
    let url = format!("https://127.0.0.1:{}{RESULTS_PATH}", world.port);
    let running = {
        let (of_old, url) = (of_old.clone(), url.clone());
        tokio::spawn(async move {
            for _ in 0..200 {
                let response = of_old.post(&url).body("{}").send().await.unwrap();
                assert_eq!(response.status(), 200);
                response.bytes().await.unwrap();
            }
        })
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    write(&files, &renewed);
    world.keeper.look(&[server(Brand::Visa, &new, None)], false).await;
    running.await.unwrap();
    let of_new = client(&new, Some(&new.issue("visa.ds.example")));
    assert_eq!(world.post(&of_new).await.unwrap().0, 200);
    let newcomer = client(&old, Some(&old.issue("visa.ds.example")));
    assert!(
        world.post(&newcomer).await.is_err(),
        "the old authority counts no more"
    );

    // The open connection of before still answers, but its certificate speaks for nobody any longer.
    world.post(&of_old).await.unwrap();
    let Some(Sender::Certified { brands, .. }) = world.senders().pop() else {
        panic!("it was certified")
    };
    assert_eq!(brands, []);
}

#[tokio::test]
async fn each_name_has_its_certificate_and_unusable_files_are_told() {
    let (visa, other) = (Authority::new("Visa CA"), Authority::new("Other CA"));
    let mut world = World::open(&other.issue("127.0.0.1"), &[server(Brand::Visa, &visa, None)]).await;
    let pair = CertificateFiles {
        certificate: world.folder.join("visa.pem"),
        key: world.folder.join("visa.key"),
    };
    write(&pair, &visa.issue("visa.3ds.example"));
    world.files.certificates.push(pair.clone());
    let servers = [server(Brand::Visa, &visa, None)];
    let keeper = Keeper::new(world.files.clone(), &servers).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = results_router(Arc::clone(&world.receiver) as _, keeper.served());
    let listener = TlsListener::new(listener, keeper.served()).unwrap();
    tokio::spawn(serve_results(listener, router, std::future::pending()));
    let ours = visa.issue("ds.example");
    #[allow(
        clippy::disallowed_methods,
        reason = "a directory server has a client of its own"
    )]
    let by_name = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(visa.pem().as_bytes()).unwrap()])
        .identity(
            reqwest::Identity::from_pem(format!("{}{}", ours.certificate, ours.key).as_bytes()).unwrap(),
        )
        .resolve("visa.3ds.example", address)
        .build()
        .unwrap();
    let url = format!("https://visa.3ds.example:{}{RESULTS_PATH}", address.port());
    assert_eq!(by_name.post(url).body("{}").send().await.unwrap().status(), 200);

    fs::write(&pair.key, "none").unwrap();
    let unusable = Keeper::new(world.files.clone(), &servers).await.unwrap_err();
    assert!(unusable.to_string().contains("visa.key must be"), "{unusable}");
    fs::remove_file(&pair.certificate).unwrap();
    let missing = Keeper::new(world.files.clone(), &servers).await;
    assert!(matches!(missing, Err(TlsFilesError::File { .. })));
}

#[tokio::test]
async fn while_no_directory_server_is_known_nobody_is_let_in_and_then_they_are() {
    let authority = Authority::new("CA");
    let mut world = World::open(&authority.issue("127.0.0.1"), &[]).await;
    let client = client(&authority, Some(&authority.issue("visa.ds.example")));
    assert!(world.post(&client).await.is_err());
    world
        .keeper
        .look(&[server(Brand::Visa, &authority, None)], false)
        .await;
    assert_eq!(world.post(&client).await.unwrap().0, 200);
}
