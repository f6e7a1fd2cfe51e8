//! Bytes that others wrote, read one after the other.

/// Bytes that are read one after the other.
pub(crate) struct Bytes<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// They end too early, or hold what does not belong there, at this byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Garbled(pub(crate) usize);

impl<'b> Bytes<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn garbled(&self) -> Garbled {
        Garbled(self.at)
    }

    /// Where nothing is left.
    pub(crate) fn end(&self) -> Result<(), Garbled> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.garbled()) }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Garbled> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let taken = &self.bytes[self.at..end.ok_or(self.garbled())?];
        self.at += count;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Garbled> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        let garbled = self.garbled();
        self.take(N)?.try_into().map_err(|_| garbled)
    }

    /// A text of so many bytes.
    pub(crate) fn text(&mut self, length: usize) -> Result<&'b str, Garbled> {
        let garbled = self.garbled();
        std::str::from_utf8(self.take(length)?).map_err(|_| garbled)
    }

    /// A text behind its length, of one byte.
    pub(crate) fn short_text(&mut self) -> Result<&'b str, Garbled> {
        let length = usize::from(self.byte()?);
        self.text(length)
    }
}
