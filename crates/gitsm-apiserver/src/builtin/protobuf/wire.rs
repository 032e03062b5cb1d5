//! Protobuf's wire format: numbered fields of four kinds.

/// A field as it stands in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire<'b> {
    /// Numbers and booleans.
    Varint(u64),
    /// Text, bytes, messages.
    Bytes(&'b [u8]),
    /// Numbers of a fixed size, which no type here has.
    Fixed,
}

/// Why a message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    /// The message ends inside a field.
    #[error("unexpected EOF")]
    Truncated,
    /// A number has more than 64 bits.
    #[error("proto: integer overflow")]
    Overflow,
    /// Field 0, or a kind of field that does not exist.
    #[error("proto: illegal tag {0}")]
    IllegalTag(u64),
}

/// Reads the fields of one message after the other.
#[derive(Debug)]
pub(super) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    pub(super) fn new(message: &'b [u8]) -> Self {
        Self { rest: message }
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(WireError::Truncated)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(WireError::Overflow);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::Overflow)
    }

    fn take(&mut self, length: u64) -> Result<&'b [u8], WireError> {
        let length = usize::try_from(length).map_err(|_| WireError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The number and the value of the next field; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Wire<'b>)>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| WireError::IllegalTag(tag))?;
        let value = match tag & 7 {
            _ if number == 0 => return Err(WireError::IllegalTag(tag)),
            0 => Wire::Varint(self.varint()?),
            1 => self.take(8).map(|_| Wire::Fixed)?,
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Wire::Fixed)?,
            // Groups, which nobody writes any more.
            _ => return Err(WireError::IllegalTag(tag)),
        };
        Ok(Some((number, value)))
    }
}
