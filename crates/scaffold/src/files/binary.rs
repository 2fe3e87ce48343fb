//! Telling text from other files, by the first bytes: the rules of the npm package `isbinaryfile` 5.0.

/// How many bytes are looked at.
const LOOKED_AT: usize = 512;
/// How many more may be needed to end a character.
const RESERVE: usize = 3;

/// True where a file is no text.
pub(super) fn is_binary(content: &[u8]) -> bool {
    let bytes = content.get(..LOOKED_AT + RESERVE).unwrap_or(content);
    let marks: [&[u8]; 4] = [&[0xef, 0xbb, 0xbf], &[0, 0, 0xfe, 0xff], &[0xff, 0xfe, 0, 0], &[0x84, 0x31, 0x95, 0x33]];
    if bytes.is_empty() || marks.iter().any(|mark| bytes.starts_with(mark)) {
        return false;
    }
    if bytes.starts_with(b"%PDF-") {
        return true;
    }
    if bytes.starts_with(&[0xfe, 0xff]) || bytes.starts_with(&[0xff, 0xfe]) {
        return false;
    }
    let scanned = bytes.len().min(LOOKED_AT);
    match suspicious(bytes, scanned) {
        None => true,
        Some(count) => count * 100 > scanned * 10 || (count > 1 && is_protocol_buffer(bytes, scanned)),
    }
}

/// How many bytes are in no text; none where that is clear already.
fn suspicious(bytes: &[u8], scanned: usize) -> Option<usize> {
    let mut count = 0;
    let mut index = 0;
    let follows = |index: usize| bytes.get(index).is_some_and(|byte| (0x80..=0xbf).contains(byte));
    while index < scanned {
        let byte = bytes.get(index).copied().unwrap_or_default();
        if byte == 0 {
            return None;
        }
        if (7..=14).contains(&byte) || (32..=127).contains(&byte) {
            index += 1;
            continue;
        }
        let length = match byte {
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf7 => 3,
            _ => 0,
        };
        if length > 0 && index + length < bytes.len() {
            if (1..=length).all(|offset| follows(index + offset)) {
                index += length + 1;
                continue;
            }
            // The byte after it has been looked at.
            index += 1;
        }
        count += 1;
        if index >= 32 && count * 100 > scanned * 10 {
            return None;
        }
        index += 1;
    }
    Some(count)
}

/// True where the bytes are messages of Protocol Buffers up to their end.
fn is_protocol_buffer(bytes: &[u8], length: usize) -> bool {
    let mut reader = Reader { bytes: bytes.get(..length).unwrap_or(bytes), offset: 0, failed: false };
    let mut messages = 0;
    loop {
        if !reader.message() && !reader.failed {
            return false;
        }
        if reader.failed {
            return messages > 0;
        }
        messages += 1;
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    failed: bool,
}

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        match self.bytes.get(self.offset) {
            Some(byte) if !self.failed => {
                self.offset += 1;
                *byte
            }
            _ => {
                self.failed = true;
                0xff
            }
        }
    }

    /// A number of 32 bits, as shifts in JavaScript make it.
    fn number(&mut self) -> i32 {
        let (mut number, mut index) = (0_i32, 0_u32);
        while !self.failed {
            let byte = self.byte();
            number |= i32::from(byte & 0x7f).wrapping_shl(7 * index);
            if byte & 0x80 == 0 {
                break;
            }
            if index >= 10 {
                self.failed = true;
                break;
            }
            index += 1;
        }
        number
    }

    fn pass(&mut self, count: i32) {
        for _ in 0..count.max(0) {
            if self.failed {
                return;
            }
            self.byte();
        }
    }

    fn message(&mut self) -> bool {
        match self.number() & 7 {
            0 => {
                self.number();
            }
            1 => self.pass(8),
            2 => {
                let length = self.number();
                self.pass(length);
            }
            5 => self.pass(4),
            _ => return false,
        }
        true
    }
}
