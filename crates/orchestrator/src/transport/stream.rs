//! A reply read while it comes, for those that are too long to be held: the card ranges of a directory server.

use super::{Failed, Line, Sent, Silence, Transport, method};
use primitives::HttpRequest;
use std::time::Duration;

/// The head of a reply, whose body is still to come.
#[derive(Debug)]
pub struct Opened {
    response: reqwest::Response,
}

impl Opened {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next piece of the body; `None` at its end. An error says why there is none, for the log.
    pub async fn chunk(&mut self, time_limit: Duration) -> Result<Option<Vec<u8>>, Silence> {
        match tokio::time::timeout(time_limit, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk.map(|bytes| bytes.to_vec())),
            Ok(Err(_)) => Err(Silence::Cut),
            Err(_) => Err(Silence::TimedOut),
        }
    }
}

impl Transport {
    /// Sends a request and waits that long for the head of its reply. It takes no slot: there is one a directory server at
    /// most.
    pub async fn open_on(&self, line: &Line, request: HttpRequest, time_limit: Duration) -> Sent<Opened> {
        let mut builder = line.client.request(method(request.method), request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.reveal().as_str());
        }
        let Ok(built) = builder.body(request.body.reveal().clone()).build() else {
            return Sent::NotSent("not a request");
        };
        match tokio::time::timeout(time_limit, line.client.execute(built)).await {
            Ok(Ok(response)) => Sent::Answered(Opened { response }),
            Ok(Err(error)) => Failed::of_request(error, line).into(),
            Err(_) => Sent::Silent(Silence::TimedOut),
        }
    }
}
