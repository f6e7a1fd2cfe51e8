//! A text that a constant can make: a `const` panic cannot format a number.

/// A short line of text, made without allocation in a constant, too.
pub(crate) struct Text {
    bytes: [u8; Self::LONGEST],
    len: usize,
}

impl Text {
    const LONGEST: usize = 128;

    pub(crate) const fn new(text: &str) -> Self {
        Self { bytes: [0; Self::LONGEST], len: 0 }.and(text)
    }

    /// With another text at its end.
    ///
    /// # Panics
    /// Where it is longer than a line.
    pub(crate) const fn and(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    /// With a number at its end.
    pub(crate) const fn number(self, number: u128) -> Self {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let text = if number < 10 { self } else { self.number(number / 10) };
        text.and(DIGITS[(number % 10) as usize])
    }

    pub(crate) const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "", // it is made of whole texts
        }
    }
}
