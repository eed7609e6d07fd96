//! Replies held against their requests (sections 3.4, 7.1 and 11.1 of the reference): what no message shows by itself.

use emv3ds::{
    AcsTransId, DsTransId, Rules, ThreeDsServerTransId, Version,
    code::{
        Component, DecoupledRequestInd, DeviceChannel, MessageCategory, RequestorChallengeInd, TransStatus,
        YesNo,
    },
    message::{ARes, Asked, ChallengeInds, Challenged, RReq, Received, WireMessage},
};
use uuid::Uuid;

use super::{answers, results, sheet::Sheet};

/// What is asked, and what is answered.
pub struct Reply {
    pub section: &'static str,
    version: Version,
    channel: DeviceChannel,
    category: &'static str,
    challenge_inds: &'static [&'static str],
    dec_req_ind: Option<&'static str>,
    spc: bool,
    answer: Answer,
    /// The code and the element it is refused with.
    refused: Option<(u16, &'static str)>,
}

enum Answer {
    /// An ARes with this status.
    Status(&'static str),
    /// An ARes D whose `acsDecConInd` is no.
    Unconfirmed,
    /// An ARes of another transaction.
    AresOfAnother,
    /// An ARes in another version.
    AresInAnother,
    /// An RReq with this status.
    Results(&'static str),
    /// An RReq that differs in one identifier.
    ResultsOfAnother(Identifier),
    /// An RReq in another version.
    ResultsInAnother,
}

enum Identifier {
    Server,
    Acs,
    Directory,
}

const BROWSER: DeviceChannel = DeviceChannel::Browser;
const NOBODY: DeviceChannel = DeviceChannel::RequestorInitiated;
const STATUS: (u16, &str) = (203, "transStatus");
const SERVER_TRANS_ID: &str = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b";

fn reply(version: Version, answer: Answer, refused: Option<(u16, &'static str)>) -> Reply {
    Reply {
        section: "emv-3ds 11.1",
        version,
        channel: BROWSER,
        category: "01",
        challenge_inds: &[],
        dec_req_ind: None,
        spc: false,
        answer,
        refused,
    }
}

impl Reply {
    fn asking(mut self, challenge_inds: &'static [&'static str]) -> Self {
        self.challenge_inds = challenge_inds;
        self
    }

    fn decoupled(mut self, indicator: &'static str) -> Self {
        self.dec_req_ind = Some(indicator);
        self
    }

    fn to(mut self, channel: DeviceChannel, category: &'static str) -> Self {
        (self.channel, self.category) = (channel, category);
        self
    }

    fn of(mut self, section: &'static str) -> Self {
        self.section = section;
        self
    }

    fn with_spc(mut self) -> Self {
        self.spc = true;
        self
    }

    pub fn area(&self) -> &'static str {
        match self.answer {
            Answer::Status(_) | Answer::Unconfirmed | Answer::AresOfAnother | Answer::AresInAnother => {
                "ARes and its AReq"
            }
            Answer::Results(_) | Answer::ResultsOfAnother(_) | Answer::ResultsInAnother => {
                "RReq and its challenge"
            }
        }
    }

    pub fn version(&self) -> &'static str {
        self.version.as_str()
    }

    fn asked(&self) -> Asked {
        let indicators: Vec<_> = self
            .challenge_inds
            .iter()
            .map(|text| RequestorChallengeInd::parse(text).unwrap())
            .collect();
        Asked {
            device_channel: self.channel,
            message_category: MessageCategory::parse(self.category).unwrap(),
            challenge_inds: ChallengeInds::of(&indicators),
            dec_req_ind: self
                .dec_req_ind
                .map(|text| DecoupledRequestInd::parse(text).unwrap()),
            spc_supported: self.spc,
            ..Asked::plainly(
                self.version,
                ThreeDsServerTransId::parse(SERVER_TRANS_ID).unwrap(),
            )
        }
    }

    /// Whether it is judged as it should be.
    pub fn judge(&self) {
        let asked = self.asked();
        let ares = whole::<ARes>(answers::sheets(), "ARes, browser", self.version);
        let rreq = whole::<RReq>(results::sheets(), "RReq, browser", self.version);
        let challenged = Challenged::by(&ares, &asked);
        let other = other_than(self.version);
        let judged = match &self.answer {
            Answer::Status(status) => with_status(ares, status).answers(&asked),
            Answer::Unconfirmed => ARes {
                acs_dec_con_ind: Some(YesNo::No),
                ..with_status(ares, "D")
            }
            .answers(&asked),
            Answer::AresOfAnother => ARes {
                three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
                ..ares
            }
            .answers(&asked),
            Answer::AresInAnother => ARes {
                message_version: other,
                ..ares
            }
            .answers(&asked),
            Answer::Results(status) => RReq {
                trans_status: TransStatus::parse(status),
                ..rreq
            }
            .concludes(&challenged),
            Answer::ResultsOfAnother(Identifier::Server) => RReq {
                three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
                ..rreq
            }
            .concludes(&challenged),
            Answer::ResultsOfAnother(Identifier::Acs) => RReq {
                acs_trans_id: AcsTransId(Uuid::nil()),
                ..rreq
            }
            .concludes(&challenged),
            Answer::ResultsOfAnother(Identifier::Directory) => RReq {
                ds_trans_id: DsTransId(Uuid::nil()),
                ..rreq
            }
            .concludes(&challenged),
            Answer::ResultsInAnother => RReq {
                message_version: other,
                ..rreq
            }
            .concludes(&challenged),
        };
        let judged = judged.map_err(|fault| (fault.code.number(), fault.detail));
        let expected = match self.refused {
            Some((code, element)) => Err((code, element.to_owned())),
            None => Ok(()),
        };
        assert_eq!(judged, expected, "{} {} {asked:?}", self.section, self.area());
    }
}

fn with_status(ares: ARes, status: &str) -> ARes {
    ARes {
        trans_status: TransStatus::parse(status),
        ..ares
    }
}

fn other_than(version: Version) -> Version {
    if version == Version::V2_2_0 {
        Version::V2_1_0
    } else {
        Version::V2_2_0
    }
}

fn whole<M: WireMessage>(sheets: Vec<Sheet>, area: &str, version: Version) -> M {
    let sheet = sheets.iter().find(|sheet| sheet.area == area).unwrap();
    let bytes = sheet.whole(version).to_string();
    let rules = Rules::received_by(Component::Server, &Version::ALL);
    match rules.read_as::<M>(bytes.as_bytes()).unwrap() {
        Received::Message(message) => message,
        Received::Erro(_) => panic!("not an Erro"),
    }
}

pub fn all() -> Vec<Reply> {
    use Answer::{
        AresInAnother, AresOfAnother, Results, ResultsInAnother, ResultsOfAnother, Status, Unconfirmed,
    };
    let (v210, v220, v231) = (Version::V2_1_0, Version::V2_2_0, Version::V2_3_1);
    let mut replies = Vec::new();
    for version in Version::ALL {
        // What ends an authentication may always be said.
        for status in ["Y", "N", "U", "A", "R"] {
            replies.push(reply(version, Status(status), None));
            replies.push(reply(version, Status(status), None).to(NOBODY, "02"));
            replies.push(reply(version, Results(status), None));
        }
        replies.push(reply(version, Status("C"), None));
        replies.push(reply(version, Status("C"), None).asking(&["04"]));
        replies.push(reply(version, Status("C"), Some(STATUS)).to(NOBODY, "02"));
        let id = Some((301, SERVER_TRANS_ID_OF_NOBODY));
        replies.push(reply(version, AresOfAnother, id).of("emv-3ds 3.4"));
        replies.push(reply(version, AresInAnother, Some((203, "messageVersion"))).of("emv-3ds 3.4"));
        replies.push(reply(version, ResultsOfAnother(Identifier::Server), id).of("emv-3ds 3.4"));
        let same = Some((301, SERVER_TRANS_ID));
        replies.push(reply(version, ResultsOfAnother(Identifier::Acs), same).of("emv-3ds 3.4"));
        replies.push(reply(version, ResultsOfAnother(Identifier::Directory), same).of("emv-3ds 3.4"));
        replies.push(reply(version, ResultsInAnother, Some((203, "messageVersion"))).of("emv-3ds 3.4"));
    }
    for version in [v220, v231] {
        // C: not where the requestor shares data only.
        replies.push(reply(version, Status("C"), Some(STATUS)).asking(&["06"]));
        replies.push(reply(version, Status("C"), None).asking(&["05"]));
        // D: where it was allowed, and confirmed.
        replies.push(reply(version, Status("D"), Some(STATUS)));
        replies.push(reply(version, Status("D"), Some(STATUS)).decoupled("N"));
        replies.push(reply(version, Status("D"), None).decoupled("Y"));
        replies.push(reply(version, Status("D"), None).decoupled("Y").to(NOBODY, "01"));
        replies.push(
            reply(version, Unconfirmed, Some((203, "acsDecConInd")))
                .decoupled("Y")
                .of("emv-3ds 5"),
        );
        // I: where no more was asked for.
        replies.push(reply(version, Status("I"), Some(STATUS)));
        for indicators in [&["01"], &["02"], &["03"], &["04"], &["08"], &["09"]] {
            replies.push(reply(version, Status("I"), Some(STATUS)).asking(indicators));
        }
        for indicators in [&["05"], &["06"], &["07"], &["82"]] {
            replies.push(reply(version, Status("I"), None).asking(indicators));
        }
        replies.push(
            reply(version, Status("I"), None)
                .to(BROWSER, "80")
                .of("emv-3ds 11.11"),
        );
    }
    // Pairs of indicators.
    replies.push(reply(v231, Status("I"), None).asking(&["05", "10"]));
    replies.push(reply(v231, Status("I"), Some(STATUS)).asking(&["02", "10"]));
    replies.push(reply(v231, Status("C"), Some(STATUS)).asking(&["02", "06"]));
    // F and B: the fallback.
    replies.push(reply(v231, Status("D"), None).decoupled("B"));
    replies.push(reply(v231, Status("D"), Some(STATUS)).decoupled("F"));
    replies.push(reply(v231, Results("D"), None).decoupled("F"));
    replies.push(reply(v231, Results("D"), None).decoupled("B"));
    replies.push(reply(v231, Results("D"), Some(STATUS)).decoupled("Y"));
    replies.push(reply(v231, Results("D"), Some(STATUS)).decoupled("N"));
    replies.push(reply(v231, Results("D"), Some(STATUS)));
    // S: in the browser, where it is supported.
    replies.push(reply(v231, Status("S"), None).with_spc());
    replies.push(reply(v231, Status("S"), Some(STATUS)));
    replies.push(reply(v231, Status("S"), Some(STATUS)).with_spc().to(NOBODY, "01"));
    replies.push(reply(v210, Status("I"), Some(STATUS)).asking(&["02"]));
    replies
}

/// The identifier of the reply is the one named.
const SERVER_TRANS_ID_OF_NOBODY: &str = "00000000-0000-0000-0000-000000000000";
