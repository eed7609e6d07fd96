//! What happens, told line by line to whoever watches; tests watch nothing.

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
    #[allow(clippy::print_stdout, reason = "the demo's output is what it is for")]
    pub fn tell(self, place: &str, what: impl FnOnce() -> String) {
        if self.aloud {
            println!("    {place:<12}{}", what());
        }
    }

    /// Tells a line of its own, such as a heading.
    #[allow(clippy::print_stdout, reason = "the demo's output is what it is for")]
    pub fn headline(self, line: &str) {
        if self.aloud {
            println!("{line}");
        }
    }
}
