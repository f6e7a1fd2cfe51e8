//! All that an instance says at a time, as bytes.
//!
//! A report comes from a store that others may write to, so each byte of it is doubted.
//! Layout, little-endian: the mark `fbx`, a version, the number of the beat (4 bytes), the
//! length of the group's name and the name, the number of registers (2 bytes), and each
//! register: state, generation (2), failures, milliseconds left (4), the length of the
//! name and the name.

use std::{fmt, time::Duration};

use fusebox::{Name, State};

use crate::{
    bytes::{Bytes, Garbled},
    register::Register,
};

const MARK: &[u8; 3] = b"fbx";
const VERSION: u8 = 1;

/// All that an instance says at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Counts the reports of an instance since it began, and wraps.
    pub beat: u32,
    /// The instance's group, as a region or a zone; none where it is empty.
    pub group: String,
    /// The breakers that are not well.
    pub registers: Vec<Register>,
}

/// Bytes are no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// They do not begin as one: another application's, perhaps.
    Foreign,
    /// They are of a version that this program does not know.
    Version {
        /// Which.
        version: u8,
    },
    /// They end too early, or too late, or hold what no report holds.
    Garbled {
        /// At which byte.
        at: usize,
    },
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("these bytes are no report of fusebox's"),
            Self::Version { version } => {
                write!(f, "the report has version {version}, and this program knows {VERSION}")
            }
            Self::Garbled { at } => write!(f, "the report is garbled at byte {at}"),
        }
    }
}

impl std::error::Error for ReportError {}

impl Report {
    /// The most registers of a report; what is more is left out.
    pub const MOST: usize = 1_024;
    /// The longest name of a group, in bytes.
    pub const LONGEST_GROUP: usize = 64;
    /// The longest report, in bytes.
    pub const LONGEST: usize = 11 + Self::LONGEST_GROUP + Self::MOST * (9 + Name::MAX_LEN);

    /// The report as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.registers.len() * 24);
        bytes.extend_from_slice(MARK);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.beat.to_le_bytes());
        text(&mut bytes, &self.group, Self::LONGEST_GROUP);
        let registers = &self.registers[..self.registers.len().min(Self::MOST)];
        // At most MOST.
        bytes.extend_from_slice(&u16::try_from(registers.len()).unwrap_or(0).to_le_bytes());
        for register in registers {
            bytes.push(code(register.state));
            bytes.extend_from_slice(&register.generation.to_le_bytes());
            bytes.push(register.failures);
            let left = u32::try_from(register.left.as_millis()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&left.to_le_bytes());
            text(&mut bytes, register.name.as_str(), usize::from(u8::MAX));
        }
        bytes
    }

    /// Reads a report.
    ///
    /// # Errors
    /// [`ReportError`] where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReportError> {
        let mut from = Bytes::new(bytes);
        if from.take(MARK.len()) != Ok(MARK) {
            return Err(ReportError::Foreign);
        }
        match from.byte()? {
            VERSION => {}
            version => return Err(ReportError::Version { version }),
        }
        let beat = u32::from_le_bytes(from.array()?);
        let group = from.short_text()?.to_owned();
        let count = usize::from(u16::from_le_bytes(from.array()?));
        if count > Self::MOST || group.len() > Self::LONGEST_GROUP {
            return Err(from.garbled().into());
        }
        let mut registers = Vec::with_capacity(count);
        for _ in 0..count {
            registers.push(register(&mut from)?);
        }
        from.end()?;
        Ok(Self { beat, group, registers })
    }
}

fn text(bytes: &mut Vec<u8>, text: &str, longest: usize) {
    let text = &text.as_bytes()[..text.len().min(longest)];
    bytes.push(u8::try_from(text.len()).unwrap_or(0));
    bytes.extend_from_slice(text);
}

const STATES: [State; 5] =
    [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled];

#[allow(clippy::cast_possible_truncation)] // one of five
fn code(state: State) -> u8 {
    STATES.iter().position(|it| *it == state).unwrap_or(0) as u8
}

fn register(from: &mut Bytes<'_>) -> Result<Register, Garbled> {
    let state = *STATES.get(usize::from(from.byte()?)).ok_or(from.garbled())?;
    let generation = u16::from_le_bytes(from.array()?);
    let failures = from.byte()?;
    let left = Duration::from_millis(u32::from_le_bytes(from.array()?).into());
    let garbled = from.garbled();
    let name = Name::try_new(from.short_text()?).map_err(|_| garbled)?;
    Ok(Register { name, state, generation, failures, left })
}

impl From<Garbled> for ReportError {
    fn from(Garbled(at): Garbled) -> Self {
        Self::Garbled { at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn register() -> impl Strategy<Value = Register> {
        ("[a-zé ]{1,20}", 0..5usize, any::<u16>(), any::<u8>(), any::<u32>()).prop_map(
            |(name, state, generation, failures, left)| Register {
                name: Name::try_new(&name).unwrap(),
                state: STATES[state],
                generation,
                failures,
                left: Duration::from_millis(left.into()),
            },
        )
    }

    proptest! {
        #[test]
        fn a_report_is_read_as_it_was_written(
            beat: u32, group in "[a-z]{0,64}", registers in proptest::collection::vec(register(), 0..20),
        ) {
            let report = Report { beat, group, registers };
            prop_assert_eq!(Report::decode(&report.encode()), Ok(report));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, mut head in Just(b"fbx\x01".to_vec())) {
            let _ = Report::decode(&bytes);
            head.extend(bytes);
            let _ = Report::decode(&head);
        }

        /// A report that lost its end, or gained one, is none.
        #[test]
        fn a_report_of_another_length_is_none(
            registers in proptest::collection::vec(register(), 0..5), cut in 1..40usize, more: u8,
        ) {
            let mut bytes = Report { registers, ..Report::default() }.encode();
            prop_assert!(Report::decode(&bytes[..bytes.len().saturating_sub(cut)]).is_err());
            bytes.push(more);
            prop_assert!(Report::decode(&bytes).is_err());
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let text = |bytes: &[u8]| Report::decode(bytes).unwrap_err().to_string();
        assert_eq!(text(b"hello"), "these bytes are no report of fusebox's");
        assert_eq!(text(b"fbx\x07"), "the report has version 7, and this program knows 1");
        assert_eq!(text(b"fbx\x01\x01"), "the report is garbled at byte 4");
    }
}
