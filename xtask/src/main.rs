//! What developers and continuous integration run: `cargo verify` checks everything from nothing, `cargo demo` shows
//! the product. Only the standard library is used, so that both start at once on a bare machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program speaks to its user")]

mod docs;
mod edges;
mod facts;
mod machine;
mod postgres;
mod process;
mod source;
mod tables;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use process::{cargo, succeed};

/// One line on success, or what is wrong.
type Outcome = Result<String, String>;

/// A step of `cargo verify`.
type Step = fn() -> Outcome;

const HELP: &str = "\
cargo verify                    check everything: format, edges, docs, lints, licences, then all tests on SQLite and PostgreSQL
cargo verify quick              the same on SQLite alone, without installing anything
cargo verify fmt | edges | docs | lint | deny | test
                                one step of it
cargo verify tools              install what the tests need and print what to set to run them by hand
cargo verify fuzz [--minutes N] the parsers' property tests (`fuzz_…`) with ever more cases, for N minutes (10)
cargo demo [ARGUMENT…]          build the release program and run `cityhall demo`
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["verify"] => everything(true),
        ["verify", "quick"] => everything(false),
        ["verify", "fmt"] => fmt(),
        ["verify", "edges"] => structure(),
        ["verify", "docs"] => docs::check(),
        ["verify", "lint"] => lint(),
        ["verify", "deny"] => deny(),
        ["verify", "test"] => test(true),
        ["verify", "tools"] => tools(),
        ["verify", "fuzz"] => fuzz(10),
        ["verify", "fuzz", "--minutes", n] => n.parse().map_err(|_| format!("--minutes: {n:?} is not a whole number of minutes")).and_then(fuzz),
        ["demo", rest @ ..] => demo(rest),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => Err(format!("{:?} is not known.\n\n{HELP}", other.join(" "))),
    };
    match outcome {
        Ok(said) => {
            if !said.is_empty() {
                println!("{said}");
            }
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("\n{wrong}");
            ExitCode::FAILURE
        }
    }
}

/// All steps in order. A step that fails does not stop the others; the tests come last, because their runner's closing
/// line is what a reader of the log looks for.
fn everything(both_engines: bool) -> Outcome {
    let steps: [(&str, Step); 5] = [("fmt", fmt), ("edges", structure), ("docs", docs::check), ("lint", lint), ("deny", deny)];
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    for (name, step) in steps {
        if name == "deny" && !both_engines {
            continue;
        }
        println!("\n── {name} ──");
        let from = Instant::now();
        match step() {
            Ok(said) => lines.push(format!("  {name:<6} ok      {:>6}  {said}", seconds(from.elapsed()))),
            Err(why) => {
                eprintln!("{why}");
                lines.push(format!("  {name:<6} FAILED  {:>6}", seconds(from.elapsed())));
                wrong.push(format!("── {name} ──\n{why}"));
            }
        }
    }
    println!("\nSo far:\n{}\n\n── test ──", lines.join("\n"));
    if let Err(why) = test(both_engines) {
        wrong.push(format!("── test ──\n{why}"));
    }
    if wrong.is_empty() { Ok(String::new()) } else { Err(format!("cargo verify failed:\n\n{}", wrong.join("\n\n"))) }
}

fn seconds(taken: Duration) -> String {
    format!("{} s", taken.as_secs())
}

fn fmt() -> Outcome {
    succeed(cargo().args(["fmt", "--all", "--check"]), "the code is formatted (`cargo fmt --all` mends it)")?;
    Ok("formatted".to_owned())
}

/// The rules of the house that are about who may use what: crates and tables.
fn structure() -> Outcome {
    let crates = edges::check();
    let tables = tables::check();
    match (crates, tables) {
        (Ok(crates), Ok(tables)) => Ok(format!("{crates}; {tables}")),
        (crates, tables) => Err([crates.err(), tables.err()].into_iter().flatten().collect::<Vec<_>>().join("\n")),
    }
}

fn lint() -> Outcome {
    succeed(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]), "clippy has nothing to say")?;
    Ok("no warnings".to_owned())
}

fn deny() -> Outcome {
    let deny = machine::cargo_deny()?;
    // Two versions of one crate are only a warning (deny.toml): `cargo deny check bans` shows them.
    let mut check = process::clean(&deny);
    succeed(check.args(["--locked", "--log-level", "error", "check", "licenses", "bans", "sources"]), "dependencies keep to deny.toml")?;
    // The list of known holes is fetched from outside; a machine without a way out still checks the rest.
    let mut fetch = process::clean(&deny);
    fetch.args(["--locked", "fetch", "db"]);
    if !process::within(&mut fetch, Duration::from_secs(90)) {
        return Ok("licences, bans and sources; known holes NOT checked: the advisory database cannot be reached".to_owned());
    }
    succeed(process::clean(&deny).args(["--locked", "check", "--disable-fetch", "advisories"]), "no dependency has a known hole")?;
    Ok("licences, bans, sources and advisories".to_owned())
}

fn tools() -> Outcome {
    let (postgres, python, deny) = (machine::postgres()?, machine::python()?, machine::cargo_deny()?);
    Ok(format!(
        "PostgreSQL's programs: {}\ncargo-deny: {}\n\nexport CITYHALL_TEST_PYTHON={}\nexport CITYHALL_TEST_POSTGRES=postgres://USER@HOST/DATABASE   # a server on which databases may be made",
        postgres.display(),
        deny.display(),
        python.display()
    ))
}

/// Documentation examples, then every other test, on both engines or on SQLite alone.
fn test(both_engines: bool) -> Outcome {
    let python = if both_engines { Some(machine::python()?) } else { machine::python_if_ready() };
    let cluster = if both_engines { Some(postgres::Cluster::start(&machine::postgres()?)?) } else { None };
    let with_surroundings = |command: &mut std::process::Command| {
        match &cluster {
            Some(cluster) => command.env("CITYHALL_TEST_POSTGRES", cluster.url()),
            None => command.env_remove("CITYHALL_TEST_POSTGRES"),
        };
        if let Some(python) = &python {
            command.env("CITYHALL_TEST_PYTHON", python);
        }
    };
    if let Some(cluster) = &cluster {
        println!("{} on {}", cluster.version(), cluster.url());
    }
    let mut examples = cargo();
    examples.args(["test", "--doc", "--workspace", "--locked", "--quiet"]);
    with_surroundings(&mut examples);
    succeed(&mut examples, "the examples in the documentation run")?;
    let mut tests = cargo();
    if machine::has_nextest() {
        tests.args(["nextest", "run", "--workspace", "--locked"]);
    } else {
        tests.args(["test", "--workspace", "--locked", "--lib", "--bins", "--tests"]);
    }
    with_surroundings(&mut tests);
    succeed(&mut tests, "all tests pass")?;
    Ok(String::new())
}

/// Runs the parsers' property tests again and again, each round with more cases and new chance, until the time is up.
fn fuzz(minutes: u64) -> Outcome {
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let mut cases: u64 = 1_000;
    let mut rounds = 0;
    while Instant::now() < until {
        let from = Instant::now();
        let mut tests = cargo();
        if machine::has_nextest() {
            tests.args(["nextest", "run", "--workspace", "--locked", "--no-tests", "fail", "-E", "test(fuzz_)"]);
        } else {
            tests.args(["test", "--workspace", "--locked", "fuzz_"]);
        }
        tests.env("PROPTEST_CASES", cases.to_string());
        succeed(&mut tests, &format!("the parsers bear {cases} cases each"))?;
        rounds += 1;
        // A round should take about a fifth of what is left.
        let left = until.saturating_duration_since(Instant::now()).as_secs_f64();
        let factor = (left / 5.0 / from.elapsed().as_secs_f64().max(0.1)).clamp(0.5, 10.0);
        cases = next_cases(cases, factor);
    }
    Ok(format!("fuzz: {rounds} rounds in {minutes} minutes, the next would have had {cases} cases for each parser"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a count of cases, kept between 1,000 and 50 million")]
fn next_cases(cases: u64, factor: f64) -> u64 {
    ((cases as f64 * factor) as u64).clamp(1_000, 50_000_000)
}

fn demo(rest: &[&str]) -> Outcome {
    println!("Building the release program (the first time takes a few minutes) …");
    succeed(cargo().args(["run", "--release", "--locked", "--package", "cityhall", "--", "demo"]).args(rest), "the demo runs")?;
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::next_cases;

    #[test]
    fn a_round_grows_within_bounds() {
        assert_eq!(next_cases(1_000, 3.0), 3_000);
        assert_eq!(next_cases(1_000, 0.5), 1_000);
        assert_eq!(next_cases(40_000_000, 10.0), 50_000_000);
    }
}
