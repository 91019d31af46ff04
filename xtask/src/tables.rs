//! Who owns which table, and who may touch it. A table is made by one room; its first column, its key and its indexes
//! begin with the jurisdiction; only its owner writes it; another room reads it only where `docs/edges.toml` says why;
//! SQL stands nowhere but in a room's `store.rs` or `store/`; and the room's README names its tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Facts;
use crate::source::{Literal, files, literals, room, text};

/// The column with which every key begins.
const SCOPE: &str = "jurisdiction_id";

/// What a room's migrations make.
#[derive(Debug, PartialEq, Eq)]
struct Table {
    room: String,
    /// Tables, indexes and keys of it that do not begin with the jurisdiction.
    unscoped: Vec<String>,
}

/// One table that a text of SQL names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    table: String,
    writes: bool,
}

/// Checks the workspace.
pub fn check() -> Result<String, String> {
    let facts = Facts::read()?;
    let mut rules = Rules::new(&facts);
    for path in files("crates", ".sql")?.iter().filter(|path| path.contains("/migrations/")) {
        rules.migration(path, &text(path)?);
    }
    for path in files("crates", ".rs")?.iter().filter(|path| path.contains("/src/")) {
        rules.source(path, &literals(&text(path)?));
    }
    let mut wrong = rules.finish();
    for (name, table) in &rules.tables {
        let page = format!("crates/{}/README.md", table.room);
        if !text(&page).is_ok_and(|content| content.contains(&format!("`{name}`"))) {
            wrong.push(format!("{page} does not name the table `{name}`, which {} owns", table.room));
        }
    }
    if wrong.is_empty() {
        Ok(format!("{} tables, each with one owner", rules.tables.len()))
    } else {
        Err(format!("tables and SQL (docs/edges.toml):\n  {}", wrong.join("\n  ")))
    }
}

struct Rules<'a> {
    facts: &'a Facts,
    tables: BTreeMap<String, Table>,
    used: BTreeSet<String>,
    wrong: Vec<String>,
}

impl<'a> Rules<'a> {
    fn new(facts: &'a Facts) -> Self {
        Self { facts, tables: BTreeMap::new(), used: BTreeSet::new(), wrong: Vec::new() }
    }

    /// Whether the file gives a reason for `what` in `section`.
    fn excused(&mut self, section: &str, what: &str) -> bool {
        let excused = self.facts.reasons(section).any(|key| key == what);
        if excused {
            self.used.insert(format!("[{section}] \"{what}\""));
        }
        excused
    }

    fn migration(&mut self, path: &str, sql: &str) {
        let room = room(path).unwrap_or_default().to_owned();
        for statement in statements(sql) {
            let words: Vec<&str> =
                statement.iter().map(String::as_str).filter(|word| !["if", "not", "exists", "unique"].contains(&word.to_lowercase().as_str())).collect();
            match words.as_slice() {
                [create, table, name, "(", first, ..] if create.eq_ignore_ascii_case("create") && table.eq_ignore_ascii_case("table") => {
                    let mut unscoped = Vec::new();
                    if *first != SCOPE || !key_is_scoped(&statement) {
                        unscoped.push((*name).to_owned());
                    }
                    if let Some(before) = self.tables.insert((*name).to_owned(), Table { room: room.clone(), unscoped }) {
                        self.wrong.push(format!("{path}: the table {name} is made by {} too", before.room));
                    }
                }
                [create, index, name, on, table, "(", first, ..]
                    if create.eq_ignore_ascii_case("create") && index.eq_ignore_ascii_case("index") && on.eq_ignore_ascii_case("on") =>
                {
                    match self.tables.get_mut(*table) {
                        Some(owner) if owner.room == room => {
                            if *first != SCOPE {
                                owner.unscoped.push((*name).to_owned());
                            }
                        }
                        _ => self.wrong.push(format!("{path}: the index {name} is on {table}, which is not a table of {room}")),
                    }
                }
                _ => {}
            }
        }
    }

    fn source(&mut self, path: &str, literals: &[Literal]) {
        let Some(room) = room(path).map(str::to_owned) else {
            return;
        };
        for literal in literals {
            let touches = if literal.before.contains("insert_many(") && self.tables.contains_key(&literal.text) {
                vec![Touch { table: literal.text.clone(), writes: true }]
            } else {
                touches(&literal.text).into_iter().filter(|touch| self.tables.contains_key(&touch.table)).collect()
            };
            if !touches.is_empty() && !is_store(path) && !self.excused("sql_outside_store", path) {
                self.wrong.push(format!("{path}:{}: SQL stands in a room's store.rs or store/", literal.line));
            }
            for touch in touches {
                let Some(owner) = self.tables.get(&touch.table).map(|table| table.room.clone()).filter(|owner| *owner != room) else {
                    continue;
                };
                let (section, does) = if touch.writes { ("writes", "writes") } else { ("reads", "reads") };
                if !self.excused(section, &format!("{room}: {}", touch.table)) {
                    self.wrong.push(format!("{path}:{}: {room} {does} the table {} of {owner}; ask {owner} for it", literal.line, touch.table));
                }
            }
        }
    }

    /// What is wrong, with the reasons that nothing needs any more.
    fn finish(&mut self) -> Vec<String> {
        let unscoped: Vec<(String, String)> =
            self.tables.iter().flat_map(|(name, table)| table.unscoped.iter().map(move |what| (what.clone(), name.clone()))).collect();
        for (what, table) in unscoped {
            if !self.excused("unscoped", &what) {
                self.wrong.push(format!("{what} (table {table}) does not begin with {SCOPE}"));
            }
        }
        for section in ["unscoped", "reads", "writes", "sql_outside_store"] {
            for key in self.facts.reasons(section) {
                let entry = format!("[{section}] \"{key}\"");
                if !self.used.contains(&entry) {
                    self.wrong.push(format!("{entry} is excused, but nothing needs it: strike it out"));
                }
            }
        }
        self.wrong.clone()
    }
}

fn is_store(path: &str) -> bool {
    path.ends_with("/store.rs") || path.contains("/store/") || path.rsplit('/').next().is_some_and(|name| name.starts_with("store_"))
}

/// The words and signs of each statement, comments left out.
fn statements(sql: &str) -> Vec<Vec<String>> {
    let sql: String = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    sql.split(";\n").map(words).filter(|words| !words.is_empty()).collect()
}

fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for symbol in sql.chars().chain([' ']) {
        if symbol.is_alphanumeric() || symbol == '_' || symbol == '.' {
            word.push(symbol);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if matches!(symbol, '(' | ')' | ',') {
            words.push(symbol.to_string());
        }
    }
    words
}

/// Whether every PRIMARY KEY and UNIQUE list of a CREATE TABLE begins with the jurisdiction.
fn key_is_scoped(statement: &[String]) -> bool {
    let is = |place: usize, word: &str| statement.get(place).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let mut keys = 0;
    for place in 0..statement.len() {
        let list = if is(place, "primary") && is(place + 1, "key") {
            place + 2
        } else if is(place, "unique") {
            place + 1
        } else {
            continue;
        };
        keys += 1;
        // Either a list of columns, or said at the one column that is the key.
        let column = statement[..place].iter().rposition(|word| word == "," || word == "(").map_or(0, |before| before + 1);
        let scoped = if is(list, "(") { is(list + 1, SCOPE) } else { is(column, SCOPE) };
        if !scoped {
            return false;
        }
    }
    keys > 0
}

/// The tables that a text names after FROM, JOIN, INTO or UPDATE. Keywords are written in capitals, so English is not
/// taken for SQL.
fn touches(sql: &str) -> BTreeSet<Touch> {
    let words = words(sql);
    let mut found = BTreeSet::new();
    for (place, pair) in words.windows(2).enumerate() {
        let writes = match pair[0].as_str() {
            "FROM" => place > 0 && words[place - 1] == "DELETE",
            "JOIN" => false,
            "INTO" | "UPDATE" => true,
            _ => continue,
        };
        found.insert(Touch { table: pair[1].clone(), writes });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: &str = "-- Notes; of people.\nCREATE TABLE notes (\n  jurisdiction_id BIGINT NOT NULL,\n  id UUID NOT NULL, -- an id\n  PRIMARY KEY (jurisdiction_id, id)\n);\nCREATE UNIQUE INDEX IF NOT EXISTS notes_by_day ON notes (jurisdiction_id, day);\n";

    fn said(facts: &str, migrations: &[(&str, &str)], sources: &[(&str, &str)]) -> Vec<String> {
        let facts = Facts::parse(facts).unwrap();
        let mut rules = Rules::new(&facts);
        for (path, sql) in migrations {
            rules.migration(path, sql);
        }
        for (path, source) in sources {
            rules.source(path, &literals(source));
        }
        rules.finish()
    }

    #[test]
    fn a_room_uses_its_own_tables_in_its_store() {
        let store = ("crates/a/src/store.rs", "db::all(c, \"SELECT x FROM notes WHERE y = $1\", []); db::insert_many(c, \"notes\", &[\"id\"], v, \"\");");
        assert!(said("", &[("crates/a/migrations/0001_notes.sql", NOTES)], &[store]).is_empty());
    }

    #[test]
    fn another_room_asks() {
        let notes = [("crates/a/migrations/0001_notes.sql", NOTES)];
        let reads = ("crates/b/src/store.rs", "db::all(c, \"SELECT x FROM t JOIN notes n ON n.id = t.id\", [])");
        let writes = ("crates/b/src/store/notes.rs", "db::exec(c, \"DELETE FROM notes\", []); db::insert_many(c, \"notes\", a, b, \"\")");
        assert_eq!(said("", &notes, &[reads]), ["crates/b/src/store.rs:1: b reads the table notes of a; ask a for it"]);
        assert_eq!(said("", &notes, &[writes]).len(), 2);
        assert!(said("[reads]\n\"b: notes\" = \"a report\"\n", &notes, &[reads]).is_empty());
        assert_eq!(said("[reads]\n\"b: notes\" = \"a report\"\n", &notes, &[writes]).len(), 3, "reading is no leave to write, and nothing reads");
        let twice = [notes[0], ("crates/b/migrations/0001_notes.sql", NOTES)];
        assert_eq!(said("", &twice, &[]).len(), 1);
    }

    #[test]
    fn sql_elsewhere_is_found_and_english_is_not_sql() {
        let notes = [("crates/a/migrations/0001_notes.sql", NOTES)];
        assert_eq!(
            said("", &notes, &[("crates/a/src/open.rs", "\n\"UPDATE notes SET x = 1\"")]),
            ["crates/a/src/open.rs:2: SQL stands in a room's store.rs or store/"]
        );
        assert!(said("", &notes, &[("crates/a/src/open.rs", "\"taken from notes of the day\" // FROM notes")]).is_empty());
    }

    #[test]
    fn keys_begin_with_the_jurisdiction() {
        let bare = "CREATE TABLE clock (n BIGINT NOT NULL);\n";
        assert_eq!(said("", &[("crates/a/migrations/1.sql", bare)], &[]), ["clock (table clock) does not begin with jurisdiction_id"]);
        assert!(said("[unscoped]\nclock = \"one row\"\n", &[("crates/a/migrations/1.sql", bare)], &[]).is_empty());
        let index = format!("{NOTES}CREATE INDEX notes_by_state ON notes (state, day);\n");
        assert_eq!(said("", &[("crates/a/migrations/1.sql", &index)], &[]), ["notes_by_state (table notes) does not begin with jurisdiction_id"]);
        let inline = "CREATE TABLE one (jurisdiction_id BIGINT NOT NULL PRIMARY KEY, n BIGINT);\n";
        assert!(said("", &[("crates/a/migrations/1.sql", inline)], &[]).is_empty());
        assert_eq!(said("", &[("crates/a/migrations/1.sql", &inline.replace("n BIGINT", "n BIGINT UNIQUE"))], &[]).len(), 1);
        let unique = NOTES.replace("PRIMARY KEY (jurisdiction_id, id)", "PRIMARY KEY (jurisdiction_id, id),\n UNIQUE (day)");
        assert_eq!(said("", &[("crates/a/migrations/1.sql", &unique)], &[]).len(), 1);
        assert_eq!(said("[unscoped]\ngone = \"?\"\n", &[], &[]), ["[unscoped] \"gone\" is excused, but nothing needs it: strike it out"]);
    }
}
