//! PDUs out of a stream of octets.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::pdu::{HEADER_OCTETS, PDU_MAX_OCTETS, Pdu, Unreadable};

/// Reads a stream PDU by PDU.
#[derive(Debug)]
pub struct Frames<R> {
    stream: R,
    buffer: Vec<u8>,
}

/// Why no further PDU will come.
#[derive(Debug, thiserror::Error)]
pub enum StreamEnded {
    /// The other side hung up.
    #[error("the connection is closed")]
    Closed,
    /// It broke.
    #[error(transparent)]
    Broken(#[from] std::io::Error),
    /// A length that no PDU has: what follows cannot be made sense of.
    #[error("a PDU of {0} octets is announced")]
    Length(u32),
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// Reads this stream.
    pub fn new(stream: R) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next PDU, or what could be read of one that makes no sense. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// See [`StreamEnded`].
    pub async fn next(&mut self) -> Result<Result<Pdu, Unreadable>, StreamEnded> {
        loop {
            if let Some(length) = self.announced()?
                && self.buffer.len() >= length
            {
                let frame: Vec<u8> = self.buffer.drain(..length).collect();
                return Ok(Pdu::read(&frame));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(StreamEnded::Closed);
            }
        }
    }

    /// The length of the PDU that the buffer begins with.
    fn announced(&self) -> Result<Option<usize>, StreamEnded> {
        let Some(length) = self.buffer.first_chunk().map(|four| u32::from_be_bytes(*four)) else {
            return Ok(None);
        };
        match usize::try_from(length) {
            Ok(octets @ HEADER_OCTETS..=PDU_MAX_OCTETS) => Ok(Some(octets)),
            _ => Err(StreamEnded::Length(length)),
        }
    }
}
