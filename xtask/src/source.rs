//! Reading this workspace's own files: which there are, and the text literals of a Rust file.

use std::path::{Path, PathBuf};

use crate::process::root;

/// Folders that hold nothing of ours.
const PASSED_OVER: [&str; 4] = ["target", "node_modules", "cityhall-data", ".git"];

/// Files below `folder` (from the root) whose names end in `ending`, sorted, as paths from the root.
pub fn files(folder: &str, ending: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(folder) = waiting.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !PASSED_OVER.contains(&name.as_str()) {
                    waiting.push(path);
                }
            } else if name.ends_with(ending) {
                found.push(from_root(&path));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn from_root(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The text of a file, its path given from the root.
pub fn text(path: &str) -> Result<String, String> {
    let whole: PathBuf = root().join(path);
    std::fs::read_to_string(whole).map_err(|error| format!("{path}: {error}"))
}

/// The room to which a path below `crates/` belongs.
pub fn room(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

/// A text literal of a Rust file.
#[derive(Debug, PartialEq, Eq)]
pub struct Literal {
    /// The line where it begins, from 1.
    pub line: usize,
    /// What stands between the quotation marks, escapes left as written.
    pub text: String,
    /// The code between the literal before and this one.
    pub before: String,
}

/// The text literals of a Rust file, without those of its test module.
pub fn literals(source: &str) -> Vec<Literal> {
    let source = source.find("#[cfg(test)]\nmod ").map_or(source, |tests| &source[..tests]);
    let symbols: Vec<char> = source.chars().collect();
    let at = |place: usize| symbols.get(place).copied().unwrap_or('\0');
    let (mut found, mut before, mut line, mut place) = (Vec::new(), String::new(), 1, 0);
    while place < symbols.len() {
        match at(place) {
            '/' if at(place + 1) == '/' => {
                while place < symbols.len() && at(place) != '\n' {
                    place += 1;
                }
            }
            '/' if at(place + 1) == '*' => {
                while place < symbols.len() && !(at(place) == '*' && at(place + 1) == '/') {
                    line += usize::from(at(place) == '\n');
                    place += 1;
                }
                place += 2;
            }
            // A letter in quotes; a lifetime has no second quote.
            '\'' if at(place + 1) == '\\' => {
                place += 3;
                while place < symbols.len() && at(place) != '\'' {
                    place += 1;
                }
                place += 1;
            }
            '\'' if at(place + 2) == '\'' => place += 3,
            '"' => {
                let hashes = before.chars().rev().take_while(|c| *c == '#').count();
                let raw = before.trim_end_matches('#').ends_with('r') && (hashes > 0 || before.ends_with('r'));
                let (start, from) = (line, place + 1);
                place = from;
                let closes = |place: usize| at(place) == '"' && (!raw || (1..=hashes).all(|n| at(place + n) == '#'));
                while place < symbols.len() && !closes(place) {
                    if !raw && at(place) == '\\' {
                        line += usize::from(at(place + 1) == '\n');
                        place += 1;
                    }
                    line += usize::from(at(place) == '\n');
                    place += 1;
                }
                let text = symbols[from..place.min(symbols.len())].iter().collect();
                found.push(Literal { line: start, text, before: std::mem::take(&mut before) });
                place += 1 + if raw { hashes } else { 0 };
            }
            other => {
                line += usize::from(other == '\n');
                before.push(other);
                place += 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<(usize, String)> {
        literals(source).into_iter().map(|found| (found.line, found.text)).collect()
    }

    #[test]
    fn literals_are_found_and_comments_passed_over() {
        let source = "// \"no\"\nlet a = \"x // \\\" y\"; /* \"no\"\n */ let b = r#\"SELECT \"q\"\n\"#;\nlet c = ('\"', '\\'', b'\\n'); fn f<'a>(x: &'a str) { g(\"z\") }\n#[cfg(test)]\nmod tests { \"no\" }";
        assert_eq!(texts(source), [(2, "x // \\\" y".to_owned()), (3, "SELECT \"q\"\n".to_owned()), (5, "z".to_owned())]);
    }

    #[test]
    fn the_code_before_a_literal_is_kept() {
        let found = literals("a(\"1\"); db::insert_many(conn, \"notes\", x)");
        assert!(found[1].before.contains("insert_many("));
        assert_eq!(found[1].text, "notes");
    }

    #[test]
    fn a_path_tells_its_room() {
        assert_eq!(room("crates/staff/src/store.rs"), Some("staff"));
        assert_eq!(room("xtask/src/main.rs"), None);
    }
}
