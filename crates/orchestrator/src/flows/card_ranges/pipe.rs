//! A body on its way from the connection to its reader: pieces go in where one may wait, bytes come out where one blocks.

use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use tokio::sync::mpsc;

/// Pieces that wait for the reader; then the connection waits.
const PIECES_WAITING_MAX: usize = 16;

/// Where pieces go in. Dropping it is the end of the body.
pub(super) struct Feed {
    pieces: mpsc::Sender<io::Result<Vec<u8>>>,
    /// Bytes fed, as they came.
    pub fed: u64,
}

/// The reader has heard enough.
pub(super) struct Enough;

impl Feed {
    /// Hands a piece over, once there is room.
    pub async fn piece(&mut self, bytes: Vec<u8>) -> Result<(), Enough> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.pieces.send(Ok(bytes)).await.map_err(|_| Enough)?;
        self.fed = self.fed.saturating_add(length);
        Ok(())
    }

    /// Ends the body with an error: what was read of it is worth nothing.
    pub async fn broken(self, why: &str) {
        // A reader that has heard enough does not mind.
        let _ = self.pieces.send(Err(io::Error::other(why.to_owned()))).await;
    }
}

/// Where bytes come out. Blocks, so it is not for the threads of the runtime.
pub(super) struct Pipe {
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = io::Cursor::new(piece?),
                None => return Ok(0),
            }
        }
    }
}

impl Pipe {
    /// What comes out, unpacked when `gzip` says that what goes in is packed. Blocks too: the packing has a head.
    pub fn unpacked(self, gzip: bool) -> Box<dyn Read> {
        if gzip {
            Box::new(MultiGzDecoder::new(self))
        } else {
            Box::new(self)
        }
    }
}

/// A pipe.
pub(super) fn pipe() -> (Feed, Pipe) {
    let (sender, receiver) = mpsc::channel(PIECES_WAITING_MAX);
    let feed = Feed {
        pieces: sender,
        fed: 0,
    };
    let pipe = Pipe {
        pieces: receiver,
        piece: io::Cursor::default(),
    };
    (feed, pipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    async fn through(gzip: bool, pieces: Vec<Vec<u8>>, broken: bool) -> io::Result<String> {
        let (mut feed, pipe) = pipe();
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            pipe.unpacked(gzip).read_to_string(&mut text).map(|_| text)
        });
        for piece in pieces {
            if feed.piece(piece).await.is_err() {
                break;
            }
        }
        if broken {
            feed.broken("cut").await;
        } else {
            drop(feed);
        }
        reading.await.unwrap()
    }

    #[tokio::test]
    async fn what_goes_in_comes_out_and_packed_pieces_are_unpacked() {
        let pieces = vec![b"card ".to_vec(), Vec::new(), b"ranges".to_vec()];
        assert_eq!(through(false, pieces, false).await.unwrap(), "card ranges");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all("card ranges".repeat(10_000).as_bytes()).unwrap();
        let pieces: Vec<_> = packed.finish().unwrap().chunks(7).map(<[u8]>::to_vec).collect();
        let unpacked = through(true, pieces.clone(), false).await.unwrap();
        assert_eq!(unpacked.len(), 110_000);
        // Packed and cut short, even without being told.
        let half = pieces.into_iter().take(5).collect();
        assert!(through(true, half, false).await.is_err());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error_for_its_reader() {
        let error = through(false, vec![b"{".to_vec()], true).await.unwrap_err();
        assert_eq!(error.to_string(), "cut");
    }
}
