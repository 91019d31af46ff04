//! How a field is made from columns: one column, several in a pattern, or the first alternative that has something.

use std::borrow::Cow;

use crate::rows::Row;

/// `"created_at"`, `"{CREATION DATE} {CREATION TIME}"`, or a list of such alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    alternatives: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Column(String),
}

impl Expression {
    /// Reads alternatives.
    ///
    /// # Errors
    /// Says what is wrong with a pattern.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, String> {
        Ok(Self { alternatives: texts.into_iter().map(pieces).collect::<Result<_, _>>()? })
    }

    /// Whether the map says nothing about this field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// All alternatives in words: `created_at, or CREATION DATE and CREATION TIME`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let one = |pieces: &Vec<Piece>| {
            let columns: Vec<&str> = pieces.iter().filter_map(|piece| if let Piece::Column(name) = piece { Some(name.as_str()) } else { None }).collect();
            columns.join(" and ")
        };
        self.alternatives.iter().map(one).collect::<Vec<_>>().join(", or ")
    }

    /// Looks its columns up in a header. Alternatives with a column that the file does not have are dropped.
    #[must_use]
    pub fn bind(&self, header: &Header) -> Bound {
        let alternative = |pieces: &Vec<Piece>| {
            let found = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => Some(BoundPiece::Text(text.clone())),
                Piece::Column(name) => header.place(name).map(BoundPiece::Column),
            });
            found.collect::<Option<Vec<_>>>()
        };
        Bound { alternatives: self.alternatives.iter().filter_map(alternative).collect() }
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    if text.trim().is_empty() {
        return Err("a column's name may not be empty".to_owned());
    }
    if !text.contains(['{', '}']) {
        return Ok(vec![Piece::Column(text.trim().to_owned())]);
    }
    let wrong = || format!("{text:?}: each column stands in {{ and }}");
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or_else(wrong)?;
        if before.contains('}') || name.contains('{') || name.trim().is_empty() {
            return Err(wrong());
        }
        if !before.is_empty() {
            out.push(Piece::Text(before.to_owned()));
        }
        out.push(Piece::Column(name.trim().to_owned()));
        rest = behind;
    }
    if rest.contains('}') || out.is_empty() {
        return Err(wrong());
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_owned()));
    }
    Ok(out)
}

/// The header of a file: its columns by name. Case, blanks, underscores and hyphens make no difference.
#[derive(Clone, Debug)]
pub struct Header {
    names: Vec<String>,
    plain: Vec<String>,
}

impl Header {
    /// From the header's row.
    #[must_use]
    pub fn new(row: &Row) -> Self {
        let names: Vec<String> = row.cells().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        Self { plain: names.iter().map(|name| plain(name)).collect(), names }
    }

    /// The names as the file writes them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where a column stands. A name written exactly so goes before one that only looks like it.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        let exact = self.names.iter().position(|n| n == name);
        exact.or_else(|| {
            let wanted = plain(name);
            self.plain.iter().position(|n| *n == wanted)
        })
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// An expression with the places of its columns in one file.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    alternatives: Vec<Vec<BoundPiece>>,
}

#[derive(Clone, Debug)]
enum BoundPiece {
    Text(String),
    Column(usize),
}

/// A cell that is no UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText {
    /// Its column, counted from 0.
    pub column: usize,
}

impl Bound {
    /// Whether the file has nothing for it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// The value in `row`: that of the first alternative all of whose columns have something. Blank ends are cut; cells in
    /// `nothing` count as empty.
    ///
    /// # Errors
    /// [`NotText`] when a cell that is needed is no UTF-8.
    pub fn read<'r>(&self, row: &'r Row, nothing: &[String]) -> Result<Option<Cow<'r, str>>, NotText> {
        'alternatives: for pieces in &self.alternatives {
            if let [BoundPiece::Column(place)] = pieces[..] {
                match cell(row, place, nothing)? {
                    Some(text) => return Ok(Some(Cow::Borrowed(text))),
                    None => continue,
                }
            }
            let mut out = String::new();
            for piece in pieces {
                match piece {
                    BoundPiece::Text(text) => out.push_str(text),
                    BoundPiece::Column(place) => match cell(row, *place, nothing)? {
                        Some(text) => out.push_str(text),
                        None => continue 'alternatives,
                    },
                }
            }
            return Ok(Some(Cow::Owned(out)));
        }
        Ok(None)
    }
}

fn cell<'r>(row: &'r Row, place: usize, nothing: &[String]) -> Result<Option<&'r str>, NotText> {
    let text = std::str::from_utf8(row.cell(place)).map_err(|_| NotText { column: place })?.trim();
    Ok((!text.is_empty() && !nothing.iter().any(|word| word.eq_ignore_ascii_case(text))).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Rows;

    fn row(text: &str) -> (Header, Row) {
        let mut rows = Rows::new(text.as_bytes());
        let header = Header::new(&rows.header().unwrap().unwrap());
        let mut row = Row::default();
        rows.next(&mut row);
        (header, row)
    }

    #[test]
    fn the_first_alternative_that_has_something() {
        let (header, row) = row("CASE ID,Creation Date,CREATION_TIME,street,cross 1,cross 2\n7,10/23/2019,10:24 AM,N/A,Mill St,Alder Ave\n");
        let read = |texts: &[&str]| Expression::parse(texts.iter().copied()).unwrap().bind(&header).read(&row, &["N/A".into()]).unwrap().map(Cow::into_owned);
        assert_eq!(read(&["case_id"]).as_deref(), Some("7"));
        assert_eq!(read(&["created_at", "{creation date} {creation time}"]).as_deref(), Some("10/23/2019 10:24 AM"));
        assert_eq!(read(&["street", "{cross 1} & {cross 2}"]).as_deref(), Some("Mill St & Alder Ave"));
        assert_eq!(read(&["street"]), None);
        assert_eq!(read(&["nothing like it"]), None);
    }

    #[test]
    fn patterns_are_checked() {
        for bad in ["", " ", "{a", "a}", "{a}{", "{}", "}{"] {
            assert!(Expression::parse([bad]).is_err(), "{bad}");
        }
        assert_eq!(Expression::parse(["a", "{b} {c}"]).unwrap().in_words(), "a, or b and c");
    }
}
