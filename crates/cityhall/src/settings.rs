//! How this installation runs: one table of settings, filled from defaults, a file, the environment and flags, in that
//! order, the later ones winning. A name that is not in the table is refused, so that a typing mistake is found at once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The file that is read when it lies in the working folder and no other is named.
pub const FILE: &str = "cityhall.toml";
/// What every environment variable of this program begins with.
pub const PREFIX: &str = "CITYHALL_";
/// Environment variables that are not settings: the file's name, and what tests are told.
const OTHER_VARIABLES: [&str; 2] = ["CITYHALL_CONFIG", "CITYHALL_REAL_DATA"];
const TEST_VARIABLES: &str = "CITYHALL_TEST_";

/// One line of the table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in the file; in the environment it is written `CITYHALL_NAME`.
    pub name: &'static str,
    /// What holds when nobody says otherwise; empty for "none".
    pub default: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// Every setting there is. `docs/settings.md` shows the same table, and a test compares them.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "database",
        default: "sqlite:cityhall-data/cityhall.db",
        about: "Where the data is: `sqlite:PATH` (made when missing) or `postgres://USER:PASSWORD@HOST/NAME`.",
    },
    Setting { name: "connections", default: "8", about: "Connections to the database for reading on SQLite, for everything on PostgreSQL; 1 to 500." },
    Setting { name: "listen", default: "127.0.0.1:3110", about: "Address and port on which pages and APIs are served; port 0 takes a free one." },
    Setting {
        name: "public_url",
        default: "",
        about: "How the outside world reaches this server (`https://311.example.gov`); links and discovery use it. Without it they use the host of each call.",
    },
    Setting {
        name: "media",
        default: "",
        about: "Where photos are kept: a folder, or `s3://BUCKET/PREFIX` (credentials and region from the usual `AWS_` variables). Without it a folder beside the database: `cityhall-data/cityhall-media` for the default one.",
    },
    Setting {
        name: "search",
        default: "",
        about: "The folder of the address search index, which is made again from the database when it is missing. Each node has its own. Without it a folder beside the database: `cityhall-data/cityhall-search` for the default one.",
    },
    Setting {
        name: "migrate_on_start",
        default: "true",
        about: "Bring the tables up to date when `serve` starts. With `false`, run `cityhall migrate` yourself before a new version.",
    },
    Setting { name: "workers", default: "2", about: "Jobs done at the same time on this node, 0 to 64. With 0 another node must do them." },
    Setting { name: "followers", default: "true", about: "Follow the event log on this node." },
    Setting { name: "log_format", default: "text", about: "`text` for people, `json` for machines; both go to standard error and hold no personal data." },
    Setting { name: "log_level", default: "info", about: "`error`, `warn`, `info`, `debug` or `trace`, also by part: `info,requests=debug`." },
    Setting { name: "form_limit_kb", default: "1024", about: "The largest form or other body without files, in KiB; a larger one is refused with 413." },
    Setting { name: "upload_limit_kb", default: "25600", about: "The largest multipart body, files included, in KiB; a larger one is refused with 413." },
    Setting { name: "request_timeout_s", default: "60", about: "Seconds after which a call that was not answered is given up." },
    Setting { name: "stop_timeout_s", default: "25", about: "Seconds that calls in hand are given when the program is told to stop." },
    Setting { name: "endpoint_type", default: "production", about: "What Open311 discovery says about this server: `production` or `test`." },
];

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What Open311 discovery calls this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointType {
    /// Real requests.
    Production,
    /// Requests that nobody works on.
    Test,
}

/// The settings, read and checked. Fields are described in [`SETTINGS`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "SETTINGS says what each one does, for people and for this struct alike")]
pub struct Settings {
    pub database: String,
    pub connections: u32,
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub media: String,
    pub search: PathBuf,
    pub migrate_on_start: bool,
    pub workers: usize,
    pub followers: bool,
    pub log_format: LogFormat,
    pub log_level: String,
    pub form_limit_kb: usize,
    pub upload_limit_kb: usize,
    pub request_timeout_s: u64,
    pub stop_timeout_s: u64,
    pub endpoint_type: EndpointType,
}

/// Why settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the settings file {path} is not valid TOML: {message}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// A name that is not in the table.
    #[error("{place}: there is no setting {name:?}{}; docs/settings.md and `cityhall serve --help` list them", nearest.map(|n| format!(" (did you mean {n:?}?)")).unwrap_or_default())]
    Unknown {
        /// Where it stood.
        place: String,
        /// The name.
        name: String,
        /// A name that is much like it.
        nearest: Option<&'static str>,
    },
    /// A value that does not fit.
    #[error("{place}: {name} {message}")]
    Value {
        /// Where it stood.
        place: String,
        /// The setting.
        name: String,
        /// What would be right.
        message: String,
    },
}

/// A layer of values, name → text, and where they stood.
#[derive(Clone, Debug)]
pub struct Layer {
    place: String,
    values: BTreeMap<String, String>,
}

impl Layer {
    /// What was given as flags: `(name, value)`, those that were not given left out.
    #[must_use]
    pub fn flags(values: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Self {
        let values = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        Self { place: "command line".to_owned(), values }
    }

    /// The environment's `CITYHALL_…` variables. An empty one is as if it were not there.
    #[must_use]
    pub fn environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let values = variables
            .into_iter()
            .filter(|(name, value)| !value.is_empty() && !OTHER_VARIABLES.contains(&name.as_str()) && !name.starts_with(TEST_VARIABLES))
            .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_ascii_lowercase(), value)))
            .collect();
        Self { place: "environment".to_owned(), values }
    }

    /// A settings file.
    ///
    /// # Errors
    /// When it cannot be read, or is not TOML of plain values.
    pub fn file(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        Self::file_text(path, &text)
    }

    fn file_text(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let not_toml = |message: String| SettingsError::NotToml { path: path.to_owned(), message };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| not_toml(error.to_string().trim_end().to_owned()))?;
        let mut values = BTreeMap::new();
        for (name, value) in table {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(yes) => yes.to_string(),
                _ => {
                    return Err(SettingsError::Value {
                        place: path.display().to_string(),
                        name,
                        message: "must be a text, a whole number, true or false".to_owned(),
                    });
                }
            };
            values.insert(name, text);
        }
        Ok(Self { place: path.display().to_string(), values })
    }
}

impl Settings {
    /// The settings that hold when nobody says anything.
    ///
    /// # Errors
    /// Never, as a test shows: the defaults pass their own checks.
    pub fn defaults() -> Result<Self, SettingsError> {
        Self::from_layers(&[])
    }

    /// Defaults, then these layers, the later ones winning.
    ///
    /// # Errors
    /// For a name that is not in the table and a value that does not fit, with the place where it stood.
    pub fn from_layers(layers: &[Layer]) -> Result<Self, SettingsError> {
        let defaults = Layer { place: "default".to_owned(), values: SETTINGS.iter().map(|s| (s.name.to_owned(), s.default.to_owned())).collect() };
        let mut found: BTreeMap<&'static str, (&str, &str)> = BTreeMap::new();
        for layer in std::iter::once(&defaults).chain(layers) {
            for (name, value) in &layer.values {
                let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                    let shown = if layer.place == "environment" { format!("{PREFIX}{}", name.to_ascii_uppercase()) } else { name.clone() };
                    return Err(SettingsError::Unknown { place: layer.place.clone(), name: shown, nearest: nearest(name) });
                };
                found.insert(setting.name, (&layer.place, value));
            }
        }
        let given = Given(found);
        let database = given.read("database", |text| if text.is_empty() { Err("must name a database".to_owned()) } else { Ok(text.to_owned()) })?;
        Ok(Self {
            connections: given.number("connections", 1, 500)?,
            listen: given
                .read("listen", |text| text.parse().map_err(|_| format!("must be an address and a port such as 127.0.0.1:3110 or [::]:3110, not {text:?}")))?,
            public_url: given.read("public_url", public_url)?,
            media: given.read("media", |text| Ok(if text.is_empty() { beside(&database, "media").display().to_string() } else { text.to_owned() }))?,
            search: given.read("search", |text| Ok(if text.is_empty() { beside(&database, "search") } else { PathBuf::from(text) }))?,
            database,
            migrate_on_start: given.yes_or_no("migrate_on_start")?,
            workers: given.number("workers", 0, 64)?,
            followers: given.yes_or_no("followers")?,
            log_format: given.choice("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            log_level: given.read("log_level", log_level)?,
            form_limit_kb: given.number("form_limit_kb", 16, 102_400)?,
            upload_limit_kb: given.number("upload_limit_kb", 64, 1_048_576)?,
            request_timeout_s: given.number("request_timeout_s", 1, 3_600)?,
            stop_timeout_s: given.number("stop_timeout_s", 1, 3_600)?,
            endpoint_type: given.choice("endpoint_type", &[("production", EndpointType::Production), ("test", EndpointType::Test)])?,
        })
    }

    /// The database's address without its password, for logs and reports.
    #[must_use]
    pub fn database_shown(&self) -> String {
        without_password(&self.database)
    }
}

/// `url` with the password of `scheme://user:password@host` left out.
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // Whatever may hold a secret is left out: the password, and what follows a question mark.
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    match rest.rsplit_once('@') {
        Some((who, host)) => format!("{scheme}://{}@{host}", who.split_once(':').map_or(who, |(user, _)| user)),
        None => format!("{scheme}://{rest}"),
    }
}

/// A folder beside a database and named after it, so that two databases never share one: `a/b.db` has `a/b-media`,
/// a PostgreSQL database `b` has `cityhall-data/b-media`.
fn beside(database: &str, what: &str) -> PathBuf {
    let (folder, name) = match db::dialect::Address::parse(database) {
        Ok(db::dialect::Address::Sqlite(path)) => {
            (path.parent().map(Path::to_owned).unwrap_or_default(), path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default())
        }
        _ => {
            let path = database.split_once('?').map_or(database, |(path, _)| path);
            let name: String = path.rsplit('/').next().unwrap_or_default().chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            (PathBuf::from("cityhall-data"), name)
        }
    };
    folder.join(format!("{}-{what}", if name.is_empty() { "cityhall" } else { &name }))
}

/// The values that won, and where each stood.
struct Given<'a>(BTreeMap<&'static str, (&'a str, &'a str)>);

impl Given<'_> {
    fn read<T>(&self, name: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, SettingsError> {
        let (place, text) = self.0.get(name).copied().unwrap_or(("default", ""));
        read(text.trim()).map_err(|message| SettingsError::Value { place: place.to_owned(), name: name.to_owned(), message })
    }

    fn number<T: Copy + FromStr + PartialOrd + std::fmt::Display>(&self, name: &'static str, least: T, most: T) -> Result<T, SettingsError> {
        self.read(name, |text| {
            let number = text.parse::<T>().ok().filter(|n| *n >= least && *n <= most);
            number.ok_or_else(|| format!("must be a whole number from {least} to {most}, not {text:?}"))
        })
    }

    fn yes_or_no(&self, name: &'static str) -> Result<bool, SettingsError> {
        self.choice(name, &[("true", true), ("false", false)])
    }

    fn choice<T: Copy>(&self, name: &'static str, choices: &[(&str, T)]) -> Result<T, SettingsError> {
        self.read(name, |text| {
            let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            found.ok_or_else(|| format!("must be {}, not {text:?}", choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ")))
        })
    }
}

fn public_url(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url: http::Uri = text.parse().map_err(|_| format!("must be a URL such as https://311.example.gov, not {text:?}"))?;
    match url.scheme_str() {
        Some("http" | "https") if url.host().is_some() && url.query().is_none() => Ok(Some(text.trim_end_matches('/').to_owned())),
        _ => Err(format!("must begin with https:// or http:// and have no query, not {text:?}")),
    }
}

fn log_level(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("must be error, warn, info, debug or trace, also by part such as info,requests=debug, not {text:?}")),
    }
}

/// The setting whose name is most like `name`, if it is much like it.
fn nearest(name: &str) -> Option<&'static str> {
    let plain = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let wanted = plain(name);
    let near = |setting: &&Setting| strsim::damerau_levenshtein(&plain(setting.name), &wanted);
    SETTINGS.iter().min_by_key(near).filter(|setting| near(setting) <= 3).map(|setting| setting.name)
}

/// The table of settings in Markdown, as `docs/settings.md` holds it.
#[must_use]
pub fn markdown_table() -> String {
    let mut out = String::from("| Setting | Environment | Default | What it does |\n| --- | --- | --- | --- |\n");
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { "none".to_owned() } else { format!("`{}`", setting.default) };
        let _ = writeln!(out, "| `{}` | `{PREFIX}{}` | {default} | {} |", setting.name, setting.name.to_ascii_uppercase(), setting.about);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Layer {
        Layer::environment(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    fn file(text: &str) -> Result<Layer, SettingsError> {
        Layer::file_text(Path::new("cityhall.toml"), text)
    }

    #[test]
    fn defaults_pass_their_own_checks() {
        let settings = Settings::defaults().unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:3110");
        assert_eq!(settings.database, "sqlite:cityhall-data/cityhall.db");
        assert_eq!(settings.public_url, None);
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let file = file("workers = 3\nconnections = 3\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let env = env(&[("CITYHALL_WORKERS", "4"), ("CITYHALL_LISTEN", "127.0.0.1:2"), ("CITYHALL_MEDIA", "")]);
        let flags = Layer::flags([("listen", Some("127.0.0.1:3".to_owned())), ("media", None)]);
        let settings = Settings::from_layers(&[file, env, flags]).unwrap();
        assert_eq!((settings.connections, settings.workers, settings.listen.port()), (3, 4, 3));
        assert_eq!(settings.media, "cityhall-data/cityhall-media");
    }

    #[test]
    fn unknown_names_are_refused_where_they_stand() {
        let said = Settings::from_layers(&[file("databse = \"x\"\n").unwrap()]).unwrap_err().to_string();
        assert!(said.starts_with("cityhall.toml: there is no setting \"databse\" (did you mean \"database\"?)"), "{said}");
        let said = Settings::from_layers(&[env(&[("CITYHALL_PUBLICURL", "x")])]).unwrap_err().to_string();
        assert!(said.starts_with("environment: there is no setting \"CITYHALL_PUBLICURL\" (did you mean \"public_url\"?)"), "{said}");
        let ours = env(&[("CITYHALL_TEST_POSTGRES", "x"), ("CITYHALL_REAL_DATA", "x"), ("CITYHALL_CONFIG", "x"), ("PATH", "x")]);
        assert!(Settings::from_layers(&[ours]).is_ok());
    }

    #[test]
    fn values_that_do_not_fit_are_refused_by_name() {
        for (name, value, part) in [
            ("listen", "3110", "must be an address and a port"),
            ("workers", "65", "from 0 to 64"),
            ("workers", "-1", "from 0 to 64"),
            ("followers", "yes", "must be true or false, not \"yes\""),
            ("log_format", "xml", "must be text or json"),
            ("log_level", "", "must be error"),
            ("log_level", "info,,=", "must be error"),
            ("public_url", "311.example.gov", "must begin with https://"),
            ("public_url", "ftp://311.example.gov", "must begin with https://"),
        ] {
            let layer = Layer { place: "here".to_owned(), values: BTreeMap::from([(name.to_owned(), value.to_owned())]) };
            let said = Settings::from_layers(&[layer]).unwrap_err().to_string();
            assert!(said.starts_with(&format!("here: {name} must")) && said.contains(part), "{said}");
        }
        assert!(file("workers = [1]").is_err());
        assert!(file("workers = ").unwrap_err().to_string().contains("not valid TOML"));
    }

    #[test]
    fn each_database_has_its_own_folders() {
        assert_eq!(beside("sqlite:/var/a/b.db", "media"), Path::new("/var/a/b-media"));
        assert_eq!(beside("c.db", "search"), Path::new("c-search"));
        assert_eq!(beside("postgres://u:p@h:5432/hall?sslmode=require", "media"), Path::new("cityhall-data/hall-media"));
        assert_eq!(beside("postgres://u:p@h/../x", "media"), Path::new("cityhall-data/x-media"));
    }

    #[test]
    fn passwords_are_never_shown() {
        assert_eq!(without_password("postgres://city:s3cret@db/hall?sslmode=require&password=x"), "postgres://city@db/hall");
        assert_eq!(without_password("postgres://city:s3@cret@db/hall"), "postgres://city@db/hall");
        assert_eq!(without_password("sqlite:a.db"), "sqlite:a.db");
    }

    /// The page and the table of this file are the same.
    #[test]
    fn the_document_says_what_the_code_does() {
        let page = include_str!("../../../docs/settings.md");
        assert!(page.contains(&markdown_table()), "docs/settings.md must hold this table:\n\n{}", markdown_table());
    }
}
