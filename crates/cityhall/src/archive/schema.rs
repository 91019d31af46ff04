//! Which tables there are and what their columns hold, read from the migrations. A test compares it with what both
//! engines really have.

use std::collections::HashMap;

use db::Migration;

/// What a column holds. These are all the types that migrations use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `BIGINT`.
    Big,
    /// `INTEGER`.
    Int,
    /// `DOUBLE PRECISION`.
    Float,
    /// `BOOLEAN`.
    Bool,
    /// `TEXT`.
    Text,
    /// `UUID`.
    Id,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A table, in the order in which migrations make them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// The places of its primary key's columns.
    pub key: Vec<usize>,
}

/// The tables that these migrations make.
///
/// # Errors
/// A sentence about a statement that is not understood; a test keeps that from happening to ours.
pub fn tables(rooms: &[&'static [Migration]]) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    for step in rooms.iter().copied().flatten() {
        let text: String = step.sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        for statement in text.split(";\n").map(|s| s.trim().trim_end_matches(';')).filter(|s| !s.is_empty()) {
            let wrong = |what: &str| format!("migration {}/{}: {what}: {}", step.room, step.number, statement.lines().next().unwrap_or_default());
            let words: Vec<&str> = statement.split(|c: char| c.is_whitespace() || c == '(').filter(|word| !word.is_empty()).collect();
            let word = |n: usize| words.get(n).copied().unwrap_or_default();
            match (word(0).to_ascii_uppercase().as_str(), word(1).to_ascii_uppercase().as_str()) {
                ("CREATE", "TABLE") => {
                    let name = if word(2).eq_ignore_ascii_case("IF") { word(5) } else { word(2) };
                    let (_, rest) = statement.split_once('(').ok_or_else(|| wrong("no columns"))?;
                    let (inside, _) = rest.rsplit_once(')').ok_or_else(|| wrong("the columns do not end"))?;
                    let parts = split_outside(inside);
                    let read = parts.iter().filter(|part| !is_constraint(part)).map(|part| column(part).ok_or_else(|| wrong(part)));
                    let columns = read.collect::<Result<Vec<_>, _>>()?;
                    let key = key(&parts, &columns).ok_or_else(|| wrong("no primary key"))?;
                    place.insert(name.to_owned(), tables.len());
                    tables.push(Table { name: name.to_owned(), columns, key });
                }
                ("ALTER", "TABLE") if word(3).eq_ignore_ascii_case("ADD") && word(4).eq_ignore_ascii_case("COLUMN") => {
                    let added = column(&words[5..].join(" ")).ok_or_else(|| wrong("this column is not understood"))?;
                    let table = place.get(word(2)).and_then(|n| tables.get_mut(*n)).ok_or_else(|| wrong("there is no such table"))?;
                    table.columns.push(added);
                }
                ("ALTER" | "DROP", "TABLE") => return Err(wrong("backups do not understand this statement")),
                _ => {}
            }
        }
    }
    Ok(tables)
}

/// Parts set apart by commas that are not in brackets.
fn split_outside(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            c => {
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn is_constraint(part: &str) -> bool {
    let first = part.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default().to_ascii_uppercase();
    matches!(first.as_str(), "PRIMARY" | "UNIQUE" | "FOREIGN" | "CHECK" | "CONSTRAINT")
}

/// The places of the columns that the primary key names, in a constraint of its own or at the column.
fn key(parts: &[String], columns: &[Column]) -> Option<Vec<usize>> {
    let place = |name: &str| columns.iter().position(|column| column.name == name.trim());
    let upper = |part: &String| part.to_ascii_uppercase();
    if let Some(constraint) = parts.iter().find(|part| upper(part).starts_with("PRIMARY KEY")) {
        let (_, inside) = constraint.split_once('(')?;
        return inside.trim_end().strip_suffix(')')?.split(',').map(place).collect();
    }
    let at_column = parts.iter().find(|part| upper(part).contains(" PRIMARY KEY"))?;
    Some(vec![place(at_column.split_whitespace().next()?)?])
}

fn column(part: &str) -> Option<Column> {
    let mut words = part.split_whitespace();
    let name = words.next()?.to_owned();
    let kind = match words.next()?.to_ascii_uppercase().as_str() {
        "BIGINT" => Kind::Big,
        "INTEGER" => Kind::Int,
        "DOUBLE" => Kind::Float,
        "BOOLEAN" => Kind::Bool,
        "TEXT" => Kind::Text,
        "UUID" => Kind::Id,
        _ => return None,
    };
    Some(Column { name, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_migrations_are_understood() {
        let tables = tables(&crate::migrations()).unwrap();
        let events = tables.iter().find(|t| t.name == "events").unwrap();
        assert_eq!(
            events.columns[..3].iter().map(|c| (c.name.as_str(), c.kind)).collect::<Vec<_>>(),
            [("jurisdiction_id", Kind::Big), ("stamp", Kind::Big), ("id", Kind::Id)]
        );
        assert!(tables.iter().any(|t| t.name == "requests") && tables.iter().all(|t| t.columns.len() > 1));
    }

    #[test]
    fn columns_that_are_added_later_count() {
        const LATER: &[Migration] = &[Migration {
            room: "x",
            number: 1,
            sql: "-- a comment; with, commas (\nCREATE TABLE a (\n  j BIGINT NOT NULL, -- one\n  b DOUBLE PRECISION,\n  PRIMARY KEY (j, b)\n);\nCREATE INDEX a_b ON a (b);\nALTER TABLE a ADD COLUMN c TEXT;\n",
        }];
        let found = tables(&[LATER]).unwrap();
        assert_eq!(found[0].columns.iter().map(|c| c.kind).collect::<Vec<_>>(), [Kind::Big, Kind::Float, Kind::Text]);
        assert_eq!(found[0].key, [0, 1]);
        const DROPPED: &[Migration] = &[Migration { room: "x", number: 1, sql: "DROP TABLE a;\n" }];
        assert!(tables(&[DROPPED]).unwrap_err().contains("x/1"));
    }
}
