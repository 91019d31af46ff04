//! What the documents promise about files: links lead somewhere, each crate has its README, each Rust file says what it
//! is for. Files that grow long are named, without failing.

use std::collections::{BTreeMap, BTreeSet};

use crate::process::root;
use crate::source::{files, room, text};

/// Lines that a file should not pass by much.
const LONG: usize = 500;
/// Names that say nothing about a city.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "manager", "misc", "data"];

/// Checks the workspace.
pub fn check() -> Result<String, String> {
    let pages = files("", ".md")?;
    let mut texts = BTreeMap::new();
    for page in &pages {
        texts.insert(page.clone(), text(page)?);
    }
    let mut wrong = Vec::new();
    for (page, content) in &texts {
        wrong.extend(broken_links(page, content, &texts, &|path| root().join(path).exists()).into_iter().map(|what| format!("{page}: {what}")));
    }
    wrong.extend(decisions(&texts));
    let sources: Vec<String> = ["crates", "xtask"].into_iter().map(|folder| files(folder, ".rs")).collect::<Result<Vec<_>, _>>()?.concat();
    let rooms: BTreeSet<&str> = sources.iter().filter_map(|path| room(path)).collect();
    wrong.extend(rooms.iter().map(|room| format!("crates/{room}/README.md")).filter(|page| !texts.contains_key(page)).map(|page| format!("{page} is missing")));
    for path in &sources {
        let content = text(path)?;
        if !content.trim_start_matches('\u{feff}').starts_with("//!") {
            wrong.push(format!("{path} does not open with a `//!` sentence on what it is for"));
        }
        if path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).is_some_and(|name| EMPTY_NAMES.contains(&name)) {
            wrong.push(format!("{path}: a name that says nothing about a city"));
        }
        let lines = content.lines().count();
        if lines > LONG {
            println!("note: {path} has {lines} lines; about {LONG} is where a file is better split by its story");
        }
    }
    if wrong.is_empty() { Ok(format!("{} pages, {} Rust files", texts.len(), sources.len())) } else { Err(format!("documents:\n  {}", wrong.join("\n  "))) }
}

/// Where the decisions stand.
const DECISIONS: &str = "docs/adr/";

/// Decisions that share a number, or that the list of decisions leaves out.
fn decisions(pages: &BTreeMap<String, String>) -> Vec<String> {
    let list = pages.get(&format!("{DECISIONS}README.md")).map_or("", String::as_str);
    let mut numbers = BTreeSet::new();
    let mut wrong = Vec::new();
    for name in pages.keys().filter_map(|page| page.strip_prefix(DECISIONS)).filter(|name| *name != "README.md") {
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|b| b.is_ascii_digit()) || !numbers.insert(number) {
            wrong.push(format!("{DECISIONS}{name}: a decision has a number of four digits of its own in front"));
        }
        if !list.contains(&format!("({name})")) {
            wrong.push(format!("{DECISIONS}README.md does not list {name}"));
        }
    }
    wrong
}

/// Links of a page that lead nowhere, and paths in back-quotes that do not exist.
fn broken_links(page: &str, content: &str, pages: &BTreeMap<String, String>, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let prose = without_code_blocks(content);
    for target in targets(&prose) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = target.split_once('#').map_or((target.as_str(), None), |(path, anchor)| (path, Some(anchor)));
        let path = if path.is_empty() { page.to_owned() } else { resolve(page, path) };
        if !exists(&path) {
            wrong.push(format!("the link {target} leads to nothing"));
        } else if let (Some(anchor), Some(content)) = (anchor, pages.get(&path))
            && !anchors(content).contains(anchor)
        {
            wrong.push(format!("the link {target}: {path} has no such heading"));
        }
    }
    for path in quoted_paths(&prose) {
        if !exists(&path) {
            wrong.push(format!("`{path}` does not exist"));
        }
    }
    wrong
}

fn without_code_blocks(content: &str) -> String {
    let mut inside = false;
    let kept = content.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// What stands in `](…)`.
fn targets(prose: &str) -> Vec<String> {
    prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// `crates/…` and the like in back-quotes, where they are whole paths and not patterns.
fn quoted_paths(prose: &str) -> Vec<String> {
    const OURS: [&str; 6] = ["crates/", "docs/", "xtask/", "examples/", "maps/", ".ci/"];
    let is_path = |text: &&str| OURS.iter().any(|start| text.starts_with(start)) && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    prose.split('`').skip(1).step_by(2).filter(is_path).map(str::to_owned).collect()
}

/// A path relative to the folder of `page`, from the root.
fn resolve(page: &str, path: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// The anchors of a page's headings, as code hosts make them.
fn anchors(content: &str) -> BTreeSet<String> {
    let prose = without_code_blocks(content);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_from_their_page() {
        assert_eq!(resolve("docs/adr/README.md", "../ARCHITECTURE.md"), "docs/ARCHITECTURE.md");
        assert_eq!(resolve("README.md", "docs/adr/"), "docs/adr");
    }

    #[test]
    fn decisions_are_numbered_and_listed() {
        let pages = |names: &[&str], list: &str| {
            let mut pages: BTreeMap<String, String> = names.iter().map(|name| (format!("docs/adr/{name}"), String::new())).collect();
            pages.insert("docs/adr/README.md".to_owned(), list.to_owned());
            pages
        };
        assert!(decisions(&pages(&["0001-a.md"], "[0001](0001-a.md)")).is_empty());
        assert_eq!(decisions(&pages(&["0001-a.md", "0001-b.md", "c.md"], "(0001-a.md) (0001-b.md) (c.md)")).len(), 2);
        assert_eq!(decisions(&pages(&["0001-a.md"], "")), ["docs/adr/README.md does not list 0001-a.md"]);
    }

    #[test]
    fn headings_become_anchors() {
        assert_eq!(anchors("# A `b` c?\n```\n# no\n```\n## Two-fold\n"), BTreeSet::from(["a-b-c".to_owned(), "two-fold".to_owned()]));
    }

    #[test]
    fn broken_links_and_paths_are_found() {
        let page =
            "[a](xtask/Cargo.toml) [b](gone.md) [c](#here) [d](https://example.org/x) `crates/gone/x.rs` `crates/ROOM/<x>`\n```\n[e](gone2.md)\n```\n# There\n";
        let pages = BTreeMap::from([("README.md".to_owned(), page.to_owned())]);
        assert_eq!(
            broken_links("README.md", page, &pages, &|path| !path.contains("gone")),
            ["the link gone.md leads to nothing", "the link #here: README.md has no such heading", "`crates/gone/x.rs` does not exist"]
        );
    }
}
