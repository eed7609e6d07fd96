//! What happens, told line by line to whoever watches; tests watch nothing.

use std::io::Write as _;

/// A teller of what happens. Cheap to copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Story {
    aloud: bool,
}

impl Story {
    /// Prints every line.
    pub fn aloud() -> Self {
        Self { aloud: true }
    }

    /// Tells a line: who or where, and what. Nothing is put together when nobody listens.
    pub fn tell(self, place: &str, what: impl FnOnce() -> String) {
        if self.aloud {
            print(&format!("    {place:<12}{}", what()));
        }
    }

    /// Tells a line of its own, such as a heading.
    pub fn headline(self, line: &str) {
        if self.aloud {
            print(line);
        }
    }
}

/// A reader who has left (`make demo | head`) is no reason to stop.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
