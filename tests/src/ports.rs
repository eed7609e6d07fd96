//! Loopback ports that no other test of this machine takes meanwhile.
//!
//! A port from the system (`bind` to 0) is free only until somebody else's outgoing connection gets it, and a gateway
//! that was killed must find its own again. So ports come from below the ephemeral range, in blocks that are claimed by a
//! lock on a file.

use std::fs::{self, File, OpenOptions};
use std::net::{SocketAddr, TcpListener};

/// The first port of the first block. Linux hands out ephemeral ports from 32768 on.
const FIRST: u16 = 21_000;
/// Blocks there are.
const BLOCKS: u16 = 1_400;
/// Ports of a block.
const PORTS: u16 = 8;

/// A block of ports, ours until dropped.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    _claim: File,
}

impl Ports {
    /// Claims a block whose ports are all free.
    pub fn claim() -> Self {
        let folder = std::env::temp_dir().join("pasarela-e2e-ports");
        fs::create_dir_all(&folder).unwrap();
        // Where to begin differs from process to process, so that not all of them try the same.
        let start = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap();
        for number in (start..BLOCKS).chain(0..start) {
            let claim = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(number.to_string()));
            let Ok(claim) = claim else { continue };
            if claim.try_lock().is_err() {
                continue;
            }
            let first = FIRST + number * PORTS;
            let all_free = (first..first + PORTS).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
            if all_free {
                return Self { first, _claim: claim };
            }
        }
        panic!("no free ports between {FIRST} and {}", FIRST + BLOCKS * PORTS);
    }

    /// The block's addresses on loopback.
    pub fn addresses(&self) -> [SocketAddr; PORTS as usize] {
        std::array::from_fn(|index| {
            let port = self.first + u16::try_from(index).unwrap();
            SocketAddr::from(([127, 0, 0, 1], port))
        })
    }
}
