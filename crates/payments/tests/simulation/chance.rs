//! Chance that can be repeated: everything that a history leaves to it follows from one number.

/// A small generator (SplitMix64, by Sebastiano Vigna): good enough to mix histories, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin with neighbouring numbers.
        let mut chance = Self(seed);
        let scattered = chance.next();
        Self(scattered)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to one below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// From the first to the second, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least).unwrap_or_default();
        least + i64::try_from(self.below(span + 1)).unwrap_or_default()
    }

    /// True so many times in a thousand.
    pub fn permille(&mut self, often: u64) -> bool {
        self.below(1_000) < often
    }

    /// One of them, each as often as its weight says.
    pub fn weighed<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let total: u64 = choices.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.below(total);
        for (weight, choice) in choices {
            if drawn < *weight {
                return *choice;
            }
            drawn -= weight;
        }
        choices[0].1
    }

    /// One of them.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap_or_default()]
    }

    /// Milliseconds that something takes: mostly a moment, now and then so long that others have given it up.
    pub fn pause(&mut self) -> i64 {
        match self.below(200) {
            0..110 => self.between(0, 20),
            110..170 => self.between(20, 500),
            170..192 => self.between(500, 5_000),
            192..198 => self.between(5_000, 60_000),
            198 => self.between(60_000, 600_000),
            _ => self.between(600_000, 5_400_000),
        }
    }
}
