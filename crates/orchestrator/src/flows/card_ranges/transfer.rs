//! The answer to a PReq, and the file it may name, from the directory server to the MPI: read while they come.

use super::{
    Lease,
    pipe::{Enough, Feed, pipe},
};
use crate::{
    gateway::Gateway,
    transport::{Line, Opened, Sent, Silence},
};
use emv3ds::Version;
use mpi::{
    CardRanges,
    card_range::{
        LastPreq,
        exchange::{self, InFile, Outcome, Question},
    },
};
use primitives::{HttpRequest, HttpUrl, Method};
use std::{
    io::{self, Read},
    sync::Arc,
    time::{Duration, Instant},
};
use store::directory_servers::DirectoryServer;
use time::OffsetDateTime;

/// How often a file that breaks off is taken up again where it did.
const RESUMES_MAX: u32 = 5;

/// Why nothing was heard, for the log.
pub(super) type Unheard = String;

/// One answer on its way.
pub(super) struct Transfer<'a> {
    gateway: &'a Gateway,
    server: &'a DirectoryServer,
    lease: &'a Lease,
    line: Line,
    began: Instant,
}

impl<'a> Transfer<'a> {
    pub fn new(gateway: &'a Gateway, server: &'a DirectoryServer, lease: &'a Lease) -> Result<Self, Unheard> {
        let line = gateway.transport().line_to(server, gateway.vault());
        Ok(Self {
            gateway,
            server,
            lease,
            line: line.map_err(|cause| cause.to_string())?,
            began: Instant::now(),
        })
    }

    /// Asks, and takes in what comes.
    pub async fn ask(
        &self,
        question: Question,
        ranges: Arc<CardRanges>,
        now: OffsetDateTime,
    ) -> Result<(Outcome, LastPreq), Unheard> {
        let opened = self.post(&question).await?;
        let limits = self.gateway.three_ds().card_ranges.limits;
        let cache = Arc::clone(&ranges);
        let heard = self
            .read(opened, None, move |body| {
                exchange::answer(&question, body, &cache, &limits, now)
            })
            .await?;
        let (Outcome::InFile(in_file), failed) = heard else {
            return Ok(heard);
        };
        match self.file(in_file, ranges, now).await {
            Ok(heard) => Ok(heard),
            Err(why) => {
                let why = format!("the card range file cannot be fetched: {why}");
                Ok((Outcome::Kept { erro: None, why }, failed))
            }
        }
    }

    /// A connection that cannot be made is tried once more, at the backup address where there is one.
    async fn post(&self, question: &Question) -> Result<Opened, Unheard> {
        let server = self.server;
        let mut last = "no address".to_owned();
        for url in [&server.url, server.backup_url.as_ref().unwrap_or(&server.url)] {
            let mut request = HttpRequest::new(Method::Post, address(url)?)
                .header("content-type", "application/json; charset=utf-8")
                .header("accept-encoding", "gzip")
                .body(question.body.clone());
            // From 2.3.1 on a request carries its sender's transaction id (emv-3ds section 3.1).
            if question.preq.message_version >= Version::V2_3_1 {
                request = request.header("x-request-id", question.preq.three_ds_server_trans_id.to_string());
            }
            match self.open(request).await {
                Sent::Answered(opened) if opened.status() == 200 => return Ok(opened),
                Sent::Answered(opened) => return Err(format!("HTTP status {}", opened.status())),
                Sent::NotSent(why) => why.clone_into(&mut last),
                Sent::Silent(silence) => return Err(format!("{silence:?}")),
            }
        }
        Err(last)
    }

    async fn file(
        &self,
        in_file: Box<InFile>,
        ranges: Arc<CardRanges>,
        now: OffsetDateTime,
    ) -> Result<(Outcome, LastPreq), Unheard> {
        let url = HttpUrl::parse(&in_file.url, primitives::UrlPolicy::LoopbackHttpToo)
            .map_err(|error| error.to_string())?;
        let opened = match self.open(get(&url)?).await {
            Sent::Answered(opened) if opened.status() == 200 => opened,
            Sent::Answered(opened) => return Err(format!("HTTP status {}", opened.status())),
            Sent::NotSent(why) => return Err(why.to_owned()),
            Sent::Silent(silence) => return Err(format!("{silence:?}")),
        };
        let limits = self.gateway.three_ds().card_ranges.limits;
        self.read(opened, Some(&url), move |body| {
            exchange::file(&in_file, body, &ranges, &limits, now)
        })
        .await
    }

    async fn open(&self, request: HttpRequest) -> Sent<Opened> {
        let server = self.server;
        let time_limit =
            Duration::from_millis(u64::from(server.connect_timeout_ms) + u64::from(server.read_timeout_ms));
        self.gateway
            .transport()
            .open_on(&self.line, request, time_limit)
            .await
    }

    /// Passes a body on to its reader. One that breaks off is taken up again where `resume_at` says that it can be.
    async fn read(
        &self,
        opened: Opened,
        resume_at: Option<&HttpUrl>,
        reader: impl FnOnce(Box<dyn Read>) -> io::Result<(Outcome, LastPreq)> + Send + 'static,
    ) -> Result<(Outcome, LastPreq), Unheard> {
        let packed = opened.header("content-encoding") == Some("gzip");
        let tag = opened.header("etag").map(str::to_owned);
        let (mut feed, body) = pipe();
        let reading = tokio::task::spawn_blocking(move || reader(body.unpacked(packed)));
        let mut opened = opened;
        let mut resumes = 0;
        let broken = loop {
            let Err(why) = self.pass_on(&mut opened, &mut feed).await else {
                break None;
            };
            let Some(url) = resume_at.filter(|_| resumes < RESUMES_MAX) else {
                break Some(why);
            };
            resumes += 1;
            match self.resumed(url, tag.as_deref(), feed.fed, resumes).await {
                Ok(rest) => opened = rest,
                Err(why) => break Some(why),
            }
        };
        match broken {
            Some(why) => feed.broken(&why).await,
            None => drop(feed),
        }
        match reading.await {
            Ok(heard) => heard.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn pass_on(&self, opened: &mut Opened, feed: &mut Feed) -> Result<(), Unheard> {
        let idle = Duration::from_millis(self.server.read_timeout_ms.into());
        loop {
            if self.began.elapsed() > self.gateway.three_ds().card_ranges.transfer_max {
                return Err("takes longer than the limit".to_owned());
            }
            self.lease.renew(self.gateway).await;
            match opened.chunk(idle).await {
                Ok(Some(bytes)) => {
                    if let Err(Enough) = feed.piece(bytes).await {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(Silence::TimedOut) => return Err("nothing more comes".to_owned()),
                Err(_) => return Err("broke off".to_owned()),
            }
        }
    }

    /// The rest of a file, from the byte on that comes next. At once the first time, then with a pause.
    async fn resumed(
        &self,
        url: &HttpUrl,
        tag: Option<&str>,
        from: u64,
        resumes: u32,
    ) -> Result<Opened, Unheard> {
        if resumes > 1 {
            let pause = self.gateway.three_ds().timers.card_ranges_retry_seconds;
            self.lease.hold_for(self.gateway, pause).await;
            tokio::time::sleep(Duration::from_secs(pause.into())).await;
        }
        let mut request = get(url)?.header("range", format!("bytes={from}-"));
        if let Some(tag) = tag {
            // A file that has changed comes whole, which is of no use in the middle.
            request = request.header("if-range", tag);
        }
        let begins = format!("bytes {from}-");
        match self.open(request).await {
            Sent::Answered(opened)
                if opened.status() == 206
                    && opened
                        .header("content-range")
                        .is_some_and(|range| range.starts_with(&begins)) =>
            {
                Ok(opened)
            }
            Sent::Answered(opened) => Err(format!("cannot be resumed: HTTP status {}", opened.status())),
            Sent::NotSent(why) => Err(why.to_owned()),
            Sent::Silent(silence) => Err(format!("{silence:?}")),
        }
    }
}

fn get(url: &HttpUrl) -> Result<HttpRequest, Unheard> {
    Ok(HttpRequest::new(Method::Get, address(url)?).header("accept-encoding", "gzip"))
}

fn address(url: &HttpUrl) -> Result<url::Url, Unheard> {
    url::Url::parse(url.as_str()).map_err(|error| error.to_string())
}
