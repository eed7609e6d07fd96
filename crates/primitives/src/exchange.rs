//! A request to the outside as data, together with the pure function that reads its reply.
//!
//! Keeping the two halves in one value means that they stay together, that the reader can check that amount and
//! reference came back as asked, and that a signed request can be compared byte by byte with a file.

use crate::Secret;
use std::fmt;
use thiserror::Error;

/// The HTTP methods that protocols here use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// One HTTP request, ready to be sent as it is. Its body and headers may hold card data and credentials, so
/// `Debug` shows method, address without query, and sizes only.
pub struct HttpRequest {
    pub method: Method,
    pub url: url::Url,
    /// Header names in lower case, values as sent.
    pub headers: Vec<(&'static str, Secret<String>)>,
    pub body: Secret<Vec<u8>>,
}

impl HttpRequest {
    pub fn new(method: Method, url: url::Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Secret::new(Vec::new()),
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value.into())));
        self
    }

    pub fn body(mut self, bytes: Vec<u8>) -> Self {
        self.body = Secret::new(bytes);
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method.as_str())
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("headers", &names)
            .field("body_bytes", &self.body.reveal().len())
            .finish()
    }
}

/// What came back, whole. A reply that was cut, timed out or grew past the limit never becomes one of these.
pub struct Reply {
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// The reply cannot be understood as an answer to what was asked, so the outcome is not known.
///
/// The text is for the log: it says which part was wrong and never quotes the reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unreadable reply: {0}")]
pub struct Unreadable(pub String);

type Reader<A> = Box<dyn FnOnce(&Reply) -> Result<A, Unreadable> + Send>;

/// A request and the reader of its reply.
pub struct Exchange<A> {
    pub request: HttpRequest,
    reader: Reader<A>,
}

impl<A> Exchange<A> {
    pub fn new(
        request: HttpRequest,
        reader: impl FnOnce(&Reply) -> Result<A, Unreadable> + Send + 'static,
    ) -> Self {
        Self {
            request,
            reader: Box::new(reader),
        }
    }

    /// Takes the exchange apart for the transport: what to send, and how to read what comes.
    pub fn split(self) -> (HttpRequest, impl FnOnce(&Reply) -> Result<A, Unreadable> + Send) {
        (self.request, self.reader)
    }

    /// Reads a reply as the answer to this request.
    pub fn read(self, reply: &Reply) -> Result<A, Unreadable> {
        (self.reader)(reply)
    }

    /// The same exchange with its answer put into other words.
    pub fn map<B>(self, into: impl FnOnce(A) -> B + Send + 'static) -> Exchange<B>
    where
        A: 'static,
    {
        let reader = self.reader;
        Exchange {
            request: self.request,
            reader: Box::new(move |reply| reader(reply).map(into)),
        }
    }
}

impl<A> fmt::Debug for Exchange<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}
