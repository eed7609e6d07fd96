//! The provider against a centre that does as the test says, over a real socket. Sessions that break are in `sessions`.

mod sessions;

use super::frames::Frames;
use super::pdu::{Body, Pdu, Status};
use super::*;
use crate::clock::SystemClock;
use crate::phone::Phone;
use crate::sms::provider::ReceiptStatus;
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(3);

struct Centre(TcpListener);

struct Client {
    from: Frames<ReadHalf<TcpStream>>,
    to: WriteHalf<TcpStream>,
}

impl Centre {
    async fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn settings(&self) -> SmppSettings {
        SmppSettings {
            name: "centro".to_owned(),
            address: self.0.local_addr().unwrap().to_string(),
            system_id: "pasarela".to_owned(),
            password: "s3cret".to_owned().into(),
            system_type: String::new(),
            window: 10,
            enquire_link_seconds: 30,
        }
    }

    fn provider(&self) -> (SmppProvider, mpsc::Receiver<Receipt>) {
        self.provider_with(self.settings())
    }

    fn provider_with(&self, settings: SmppSettings) -> (SmppProvider, mpsc::Receiver<Receipt>) {
        let (sender, receipts) = mpsc::channel(4);
        let provider = SmppProvider::connect(settings, Arc::new(SystemClock), sender).unwrap();
        (provider, receipts)
    }

    async fn accept(&self) -> Client {
        let (stream, _) = timeout(PATIENCE, self.0.accept()).await.unwrap().unwrap();
        let (from, to) = tokio::io::split(stream);
        Client {
            from: Frames::new(from),
            to,
        }
    }

    /// The next connection, bound.
    async fn bound(&self) -> Client {
        let mut client = self.accept().await;
        let bind = client.next().await;
        let Body::BindTransceiver(who) = &bind.body else {
            panic!("{bind:?}")
        };
        assert_eq!(
            (who.system_id.as_str(), who.password.as_str()),
            ("pasarela", "s3cret")
        );
        let system_id = "centro".to_owned();
        client
            .answer(&bind, Status::ROK, Body::BindTransceiverResp { system_id })
            .await;
        client
    }
}

impl Client {
    async fn next(&mut self) -> Pdu {
        timeout(PATIENCE, self.from.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    async fn submitted(&mut self) -> (Pdu, ShortMessage) {
        let pdu = self.next().await;
        let Body::SubmitSm(message) = pdu.body.clone() else {
            panic!("{pdu:?}")
        };
        (pdu, message)
    }

    async fn answer(&mut self, request: &Pdu, status: Status, body: Body) {
        self.send(&Pdu::answer(request.sequence, status, body)).await;
    }

    async fn take(&mut self, request: &Pdu, status: Status, message_id: &str) {
        let message_id = message_id.to_owned();
        self.answer(request, status, Body::SubmitSmResp { message_id })
            .await;
    }

    async fn send(&mut self, pdu: &Pdu) {
        self.to.write_all(&pdu.write().unwrap()).await.unwrap();
    }

    async fn is_closed(&mut self) -> bool {
        timeout(PATIENCE, self.from.next()).await.unwrap().is_err()
    }
}

fn text(text: &str) -> TextMessage {
    TextMessage {
        delivery_id: "challenge-1".to_owned(),
        to: Phone::parse("+525512345678").unwrap(),
        sender: Some("Banco".to_owned()),
        text: text.to_owned().into(),
        validity: time::Duration::seconds(287),
    }
}

fn accepted(provider_reference: &str) -> Handed {
    Handed::Accepted {
        provider_reference: provider_reference.to_owned(),
    }
}

#[tokio::test]
async fn a_message_is_submitted_as_the_protocol_wants_it() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let message = text("Banco: code 123456 @");
    let handed = tokio::spawn(async move { provider.hand_over(&message, LIMIT).await });
    let mut client = centre.bound().await;
    let (pdu, message) = client.submitted().await;
    assert_eq!(
        (
            message.source.ton,
            message.source.npi,
            message.source.text.as_str()
        ),
        (5, 0, "Banco")
    );
    assert_eq!(
        (
            message.destination.ton,
            message.destination.npi,
            message.destination.text.as_str()
        ),
        (1, 1, "525512345678")
    );
    assert_eq!(message.validity_period, "000000000447000R");
    assert_eq!((message.esm_class, message.registered_delivery), (0, 1));
    assert_eq!(message.data_coding, DATA_CODING_DEFAULT);
    assert_eq!(&*message.short_message, b"Banco: code 123456 \x00");
    client.take(&pdu, Status::ROK, "m-1").await;
    assert_eq!(handed.await.unwrap(), accepted("m-1"));
}

#[tokio::test]
async fn a_long_message_goes_in_parts_that_belong_together() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let long = "あ".repeat(100);
    let message = text(&long);
    let handed = tokio::spawn(async move { provider.hand_over(&message, LIMIT).await });
    let mut client = centre.bound().await;
    let (first, one) = client.submitted().await;
    let (second, two) = client.submitted().await;
    let (place, head) = Place::read(&one.short_message).unwrap();
    let (other, tail) = Place::read(&two.short_message).unwrap();
    assert_eq!((place.number, place.total), (1, 2));
    assert_eq!(
        (other.number, other.total, other.reference),
        (2, 2, place.reference)
    );
    assert_eq!(
        (one.esm_class, one.data_coding),
        (ESM_CLASS_UDH, DATA_CODING_UCS2)
    );
    let whole = [head, tail].concat();
    assert_eq!(super::super::encoding::decode(Encoding::Ucs2, &whole), Ok(long));
    client.take(&second, Status::ROK, "b").await;
    client.take(&first, Status::ROK, "a").await;
    assert_eq!(handed.await.unwrap(), accepted("a,b"));
}

#[tokio::test]
async fn what_the_centre_says_decides_where_a_message_may_go_next() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let provider = Arc::new(provider);
    let mut client = centre.bound().await;
    let refused = |code: &str, elsewhere| Handed::Refused {
        code: code.to_owned(),
        elsewhere,
    };
    for (status, message_id, expected) in [
        (Status::RTHROTTLED, "", not_taken("ESME_RTHROTTLED")),
        (Status::RMSGQFUL, "", not_taken("ESME_RMSGQFUL")),
        (Status::RINVDSTADR, "", refused("ESME_RINVDSTADR", false)),
        (Status::RINVSRCADR, "", refused("ESME_RINVSRCADR", true)),
        (Status::RSYSERR, "", Handed::Unknown),
        (Status(0x400), "", Handed::Unknown),
        (Status::ROK, "not a name", Handed::Unknown),
        (Status::ROK, "m", accepted("m")),
    ] {
        let messenger = Arc::clone(&provider);
        let handed = tokio::spawn(async move { messenger.hand_over(&text("x"), LIMIT).await });
        let (pdu, _) = client.submitted().await;
        client.take(&pdu, status, message_id).await;
        assert_eq!(handed.await.unwrap(), expected, "{status:?}");
    }
}

#[tokio::test]
async fn half_a_message_is_as_good_as_sent() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let message = text(&"a".repeat(200));
    let handed = tokio::spawn(async move { provider.hand_over(&message, LIMIT).await });
    let mut client = centre.bound().await;
    let (first, _) = client.submitted().await;
    let (second, _) = client.submitted().await;
    client.take(&first, Status::ROK, "a").await;
    client.take(&second, Status::RTHROTTLED, "").await;
    assert_eq!(handed.await.unwrap(), Handed::Unknown);
}

#[tokio::test]
async fn a_centre_that_does_not_answer_leaves_a_message_unknown() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let handed =
        tokio::spawn(async move { provider.hand_over(&text("x"), Duration::from_millis(300)).await });
    let mut client = centre.bound().await;
    client.submitted().await;
    assert_eq!(handed.await.unwrap(), Handed::Unknown);
}

#[test]
fn a_sender_is_a_number_a_code_or_letters() {
    let address = |sender| source(sender).map(|address| (address.ton, address.npi, address.text));
    let of = |ton, npi, text: &str| Some((ton, npi, text.to_owned()));
    assert_eq!(address(None), of(0, 0, ""));
    assert_eq!(address(Some("Mi Banco")), of(5, 0, "Mi Banco"));
    assert_eq!(address(Some("+15005550006")), of(1, 1, "15005550006"));
    assert_eq!(address(Some("70707")), of(3, 0, "70707"));
    assert_eq!(address(Some("NombreMuyLargo")), None);
    assert_eq!(address(Some("Bancó")), None);
}

#[test]
fn settings_that_do_not_fit_the_tables_are_refused() {
    let fine = SmppSettings {
        name: "centro".to_owned(),
        address: "sms.example:2775".to_owned(),
        system_id: "pasarela".to_owned(),
        password: "s3cret".to_owned().into(),
        system_type: String::new(),
        window: 10,
        enquire_link_seconds: 30,
    };
    assert_eq!(fine.check(), Ok(()));
    let wrong = |change: fn(&mut SmppSettings)| {
        let mut settings = fine.clone();
        change(&mut settings);
        settings.check().unwrap_err().field
    };
    assert_eq!(
        wrong(|settings| settings.password = "nine chars".to_owned().into()),
        "password"
    );
    assert_eq!(wrong(|settings| settings.system_id = String::new()), "system_id");
    assert_eq!(
        wrong(|settings| settings.address = "sms.example".to_owned()),
        "address"
    );
    assert_eq!(wrong(|settings| settings.window = 0), "window");
}
