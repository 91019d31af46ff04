//! Which crate may use which: `docs/edges.toml` against what cargo knows. Binary uses capabilities, capabilities use
//! one another only where it is written down, everything uses foundation, and nothing goes round in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Facts;
use crate::process::{cargo, output};
use crate::source::{files, text};

/// Crate to the crates of this workspace that it uses.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Sections of the file in the order of the house, ground floor first. A crate uses its own floor and those below.
const FLOORS: [&str; 3] = ["foundation", "capabilities", "binary"];

/// Checks the workspace.
pub fn check() -> Result<String, String> {
    let facts = Facts::read()?;
    let tree = |edges: &str| {
        let words =
            ["tree", "--workspace", "--locked", "--all-features", "--no-dedupe", "--depth", "1", "--prefix", "depth", "--format", "{p}", "--edges", edges];
        output(cargo().args(words)).map(|text| graph(&text))
    };
    let (used, in_tests) = (tree("normal,build")?, tree("dev")?);
    let mut wrong = compare(&facts, &used, &in_tests);
    wrong.extend(idle(&used)?);
    if wrong.is_empty() {
        Ok(format!("{} crates, {} edges", used.len(), used.values().map(BTreeSet::len).sum::<usize>()))
    } else {
        Err(format!("edges between crates (docs/edges.toml):\n  {}", wrong.join("\n  ")))
    }
}

/// Edges that a crate's Cargo.toml has and its code does not need.
fn idle(used: &Graph) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    for (name, uses) in used.iter().filter(|(_, uses)| !uses.is_empty()) {
        let mut code = String::new();
        for path in files(&format!("crates/{name}/src"), ".rs")? {
            code.push_str(&text(&path)?);
        }
        wrong.extend(
            uses.iter()
                .filter(|other| !mentions(&code, other))
                .map(|other| format!("{name} lists {other} in its Cargo.toml, but its code never says `{other}::`")),
        );
    }
    Ok(wrong)
}

/// Whether the code names something of that crate.
fn mentions(code: &str, name: &str) -> bool {
    let path = format!("{}::", name.replace('-', "_"));
    code.match_indices(&path).any(|(place, _)| !code[..place].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

/// Reads `cargo tree`: lines of depth, name, version and, for crates of this workspace, the path in brackets.
fn graph(tree: &str) -> Graph {
    let mut graph = Graph::new();
    let mut user = None;
    for line in tree.lines().filter(|line| line.contains(" (/") || line.contains(":\\")) {
        let name = line.trim_start_matches(|c: char| c.is_ascii_digit()).split(' ').next().unwrap_or_default().to_owned();
        if line.starts_with('0') {
            graph.entry(name.clone()).or_default();
            user = Some(name);
        } else if let Some(uses) = user.as_ref().and_then(|user| graph.get_mut(user)) {
            uses.insert(name);
        }
    }
    graph
}

fn compare(facts: &Facts, used: &Graph, in_tests: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut floor_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut allowed = Graph::new();
    let outside = ["testing", "tools"];
    for (floor, section) in FLOORS.iter().chain(&outside).enumerate() {
        for (name, uses) in facts.lists(section) {
            if allowed.insert(name.to_owned(), uses.iter().cloned().collect()).is_some() {
                wrong.push(format!("{name} stands in two sections"));
            }
            floor_of.insert(name, floor);
        }
    }
    for (name, uses) in used {
        let Some(may) = allowed.get(name) else {
            wrong.push(format!("{name} is not listed: on which floor does it live, and what may it use?"));
            continue;
        };
        wrong.extend(uses.difference(may).map(|other| format!("{name} uses {other}, which is not allowed")));
        wrong.extend(may.difference(uses).map(|other| format!("{name} may use {other}, but does not: strike it out")));
    }
    wrong.extend(allowed.keys().filter(|name| !used.contains_key(*name)).map(|name| format!("{name} is listed, but there is no such crate")));
    for (name, uses) in &allowed {
        let floor = floor_of.get(name.as_str()).copied().unwrap_or(0);
        for other in uses {
            // Test kit and tools (floors past the last) may use what is below the binary; nobody may use them.
            let below = floor_of.get(other.as_str()).is_some_and(|other| *other <= floor && *other < 2);
            if !below {
                wrong.push(format!("{name} may use {other}, which does not lie on its floor or below"));
            }
        }
    }
    wrong.extend(circle(&allowed).map(|names| format!("a circle: {}", names.join(" → "))));
    let extra: BTreeMap<&str, &[String]> = facts.lists("tests").collect();
    for (name, uses) in in_tests {
        for other in uses {
            let everywhere = extra.get("*").is_some_and(|names| names.contains(other));
            let here = extra.get(name.as_str()).is_some_and(|names| names.contains(other));
            if !everywhere && !here && !allowed.get(name).is_some_and(|may| may.contains(other)) {
                wrong.push(format!("the tests of {name} use {other}, which [tests] does not allow"));
            }
        }
    }
    wrong
}

/// The first circle found, its first name repeated at the end.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn walk(graph: &Graph, name: &str, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<Vec<String>> {
        if let Some(start) = path.iter().position(|seen| seen == name) {
            let mut found = path[start..].to_vec();
            found.push(name.to_owned());
            return Some(found);
        }
        if done.contains(name) {
            return None;
        }
        path.push(name.to_owned());
        let found = graph.get(name).into_iter().flatten().find_map(|next| walk(graph, next, path, done));
        path.pop();
        done.insert(name.to_owned());
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|name| walk(graph, name, &mut Vec::new(), &mut done))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0kernel v0.1.0 (/x/crates/kernel)\n1uuid v1.29.0\n\n0db v0.1.0 (/x/crates/db)\n1kernel v0.1.0 (/x/crates/kernel)\n1events v9.0.0\n";
    const FACTS: &str = "[foundation]\nkernel = []\ndb = [\"kernel\"]\n[tests]\n\"*\" = [\"testkit\"]\n";

    fn said(facts: &str, tree: &str, dev: &str) -> Vec<String> {
        compare(&Facts::parse(facts).unwrap(), &graph(tree), &graph(dev))
    }

    #[test]
    fn what_is_written_down_passes() {
        assert_eq!(graph(TREE)["db"], BTreeSet::from(["kernel".to_owned()]));
        assert!(said(FACTS, TREE, "0db v0.1.0 (/x/crates/db)\n1testkit v0.1.0 (/x/crates/testkit)\n").is_empty());
    }

    #[test]
    fn an_edge_that_is_not_written_down_fails_and_so_does_one_that_is_gone() {
        let back = format!("{TREE}\n0kernel v0.1.0 (/x/crates/kernel)\n1db v0.1.0 (/x/crates/db)\n");
        assert_eq!(said(FACTS, &back, ""), ["kernel uses db, which is not allowed"]);
        assert_eq!(said(FACTS, "0kernel v0 (/x)\n0db v0 (/x)\n", ""), ["db may use kernel, but does not: strike it out"]);
        assert_eq!(said(FACTS, "0kernel v0 (/x)\n", ""), ["db is listed, but there is no such crate"]);
        assert_eq!(said(FACTS, &format!("{TREE}0staff v0 (/x)\n"), "").len(), 1);
    }

    #[test]
    fn an_edge_that_the_code_does_not_need_is_seen() {
        assert!(mentions("use db::Db;", "db") && mentions("x(db::one())", "db"));
        assert!(!mentions("use sandb::Db; use db;", "db") && !mentions("", "db"));
    }

    #[test]
    fn floors_circles_and_tests_are_kept() {
        let upward = "[foundation]\na = [\"b\"]\n[capabilities]\nb = []\n";
        assert_eq!(said(upward, "0a v0 (/x)\n1b v0 (/x)\n0b v0 (/x)\n", ""), ["a may use b, which does not lie on its floor or below"]);
        let round = "[foundation]\na = [\"b\"]\nb = [\"a\"]\n";
        assert_eq!(said(round, "0a v0 (/x)\n1b v0 (/x)\n0b v0 (/x)\n1a v0 (/x)\n", ""), ["a circle: a → b → a"]);
        assert_eq!(said(FACTS, TREE, "0kernel v0 (/x)\n1db v0 (/x)\n"), ["the tests of kernel use db, which [tests] does not allow"]);
    }
}
