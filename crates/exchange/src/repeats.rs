//! Remembers every number met in a file, exactly and in little memory, so that a second row of the same number is found
//! however large the file is. The numbers lie as hashes in a temporary file, an open-addressing table that doubles.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

/// Bytes of the hash that are kept: with 128 bits of SHA-256, two numbers that meet by chance are not to be expected.
const HASH: usize = 16;
/// Bytes of one place: the hash and the line.
const PLACE: usize = HASH + 8;
/// Places at the beginning.
const FIRST_PLACES: u64 = 1 << 14;

/// Numbers met so far, each with its line.
pub struct Repeats {
    file: File,
    places: u64,
    used: u64,
}

impl Repeats {
    /// None met yet.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new() -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        file.set_len(FIRST_PLACES * PLACE as u64)?;
        Ok(Self { file, places: FIRST_PLACES, used: 0 })
    }

    /// The line on which `number` was met before; when it was not, it is remembered with `line`, which is at least 1.
    ///
    /// # Errors
    /// When the temporary file cannot be read or written.
    pub fn first_line(&mut self, number: &str, line: u64) -> io::Result<Option<u64>> {
        let mut hash = [0; HASH];
        hash.copy_from_slice(&Sha256::digest(number.as_bytes())[..HASH]);
        if let Some(line) = self.place(&hash, line)? {
            return Ok(Some(line));
        }
        self.used += 1;
        if self.used * 2 > self.places {
            self.double()?;
        }
        Ok(None)
    }

    /// Finds `hash`, or the empty place where it belongs and fills that.
    fn place(&mut self, hash: &[u8; HASH], line: u64) -> io::Result<Option<u64>> {
        let mut start = [0; 8];
        start.copy_from_slice(&hash[..8]);
        let mut at = u64::from_le_bytes(start) & (self.places - 1);
        loop {
            let mut held = [0; PLACE];
            self.file.seek(SeekFrom::Start(at * PLACE as u64))?;
            self.file.read_exact(&mut held)?;
            let mut held_line = [0; 8];
            held_line.copy_from_slice(&held[HASH..]);
            match u64::from_le_bytes(held_line) {
                0 => {
                    held[..HASH].copy_from_slice(hash);
                    held[HASH..].copy_from_slice(&line.max(1).to_le_bytes());
                    self.file.seek(SeekFrom::Start(at * PLACE as u64))?;
                    self.file.write_all(&held)?;
                    return Ok(None);
                }
                line if held[..HASH] == hash[..] => return Ok(Some(line)),
                _ => at = (at + 1) & (self.places - 1),
            }
        }
    }

    fn double(&mut self) -> io::Result<()> {
        let larger = tempfile::tempfile()?;
        larger.set_len(self.places * 2 * PLACE as u64)?;
        let old = std::mem::replace(&mut self.file, larger);
        self.places *= 2;
        let mut old = io::BufReader::with_capacity(64 << 10, old);
        old.seek(SeekFrom::Start(0))?;
        for _ in 0..self.places / 2 {
            let mut held = [0; PLACE];
            old.read_exact(&mut held)?;
            let (mut hash, mut line) = ([0; HASH], [0; 8]);
            hash.copy_from_slice(&held[..HASH]);
            line.copy_from_slice(&held[HASH..]);
            if line != [0; 8] {
                self.place(&hash, u64::from_le_bytes(line))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repeat_is_found_and_nothing_else() {
        let mut met = Repeats::new().unwrap();
        for line in 1..=40_000_u64 {
            assert_eq!(met.first_line(&format!("SR21-{line}"), line).unwrap(), None);
        }
        assert!(met.places > FIRST_PLACES, "the table has grown");
        for line in (1..=40_000_u64).step_by(97) {
            assert_eq!(met.first_line(&format!("SR21-{line}"), 99_999).unwrap(), Some(line));
        }
        assert_eq!(met.first_line("SR22-1", 50_000).unwrap(), None);
    }
}
