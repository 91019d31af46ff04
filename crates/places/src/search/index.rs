//! The index of streets, corners and landmarks: a Tantivy folder, made for one generation and never changed afterwards.
//! Addresses are not in it: a house is found by its street's key and its number in the database.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use db::Db;
use kernel::{JurisdictionId, LatLon};
use serde::{Deserialize, Serialize};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, STORED, STRING, Schema, Value};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::query::Asked;
use crate::PlacesError;
use crate::store;
use crate::words::{Parts, parts, words, written_out};

/// Memory for making an index, bytes.
const WRITER_MEMORY: usize = 48 << 20;

/// What the index knows of one entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "k")]
pub(crate) enum Entry {
    #[serde(rename = "s")]
    Street {
        key: String,
        name: String,
        /// The name by which it is found, when that is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alias: Option<String>,
        /// How many houses or pieces it has; decides between equals.
        n: i64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        zips: Vec<String>,
    },
    #[serde(rename = "c")]
    Corner { a: String, b: String, lat: f64, lon: f64 },
    #[serde(rename = "l")]
    Landmark { name: String, address: String, id: String, zip: String, point: Option<LatLon> },
}

impl Entry {
    fn kind(&self) -> Kind {
        match self {
            Self::Street { .. } => Kind::Street,
            Self::Corner { .. } => Kind::Corner,
            Self::Landmark { .. } => Kind::Landmark,
        }
    }

    /// The words by which it is found.
    fn terms(&self) -> Vec<String> {
        let of_street = |name: &str| {
            let Parts { base, suffix, .. } = parts(&words(name));
            let whole = base.concat();
            let mut terms = base;
            // As some write it: "millst", "goldstar"; and the name as a whole, so that Mill St stands before Mill Creek Rd.
            terms.extend(suffix.map(|suffix| format!("{whole}{suffix}")));
            terms.push(format!("{WHOLE}{whole}"));
            if !terms.contains(&whole) {
                terms.push(whole);
            }
            terms
        };
        let mut terms: Vec<String> = match self {
            Self::Street { name, alias, .. } => of_street(alias.as_ref().unwrap_or(name)),
            Self::Corner { a, b, .. } => of_street(a).into_iter().chain(of_street(b)).collect(),
            Self::Landmark { name, .. } => words(name),
        };
        let spoken: Vec<String> = terms.iter().flat_map(|term| written_out(term)).map(|word| (*word).to_owned()).collect();
        terms.extend(spoken);
        terms
    }
}

/// Stands in front of a name that is a term as a whole.
const WHOLE: char = '=';
/// The most words of a street's name that are looked for as a whole.
const WHOLE_WORDS: usize = 4;

/// An opened index.
pub(crate) struct SearchIndex {
    pub(crate) generation: i64,
    reader: IndexReader,
    fields: Fields,
}

/// The index's fields: the words of an entry with its kind in front, and the entry itself. The number in the field's name
/// grows when other words are put in, so that an index made by an older program is made anew.
#[derive(Clone, Copy)]
struct Fields {
    term: Field,
    entry: Field,
}

/// Which entries are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Street,
    Corner,
    Landmark,
}

impl Kind {
    /// Put in front of each term: so one kind's words are a dictionary of their own.
    fn mark(self) -> char {
        match self {
            Self::Street => 's',
            Self::Corner => 'c',
            Self::Landmark => 'l',
        }
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let term = schema.add_text_field("term_1", STRING);
    let entry = schema.add_bytes_field("entry", STORED);
    (schema.build(), Fields { term, entry })
}

/// Folders of one jurisdiction's indexes.
fn home(search_folder: &Path, j: JurisdictionId) -> PathBuf {
    search_folder.join(j.to_string())
}

fn folder(search_folder: &Path, j: JurisdictionId, generation: i64) -> PathBuf {
    home(search_folder, j).join(format!("places-{generation}"))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> PlacesError {
    let path = path.to_owned();
    move |source| PlacesError::Folder { path, source }
}

/// The generations for which a folder is there, the newest first.
fn generations(search_folder: &Path, j: JurisdictionId) -> Vec<i64> {
    let Ok(entries) = std::fs::read_dir(home(search_folder, j)) else { return Vec::new() };
    let mut found: Vec<i64> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.strip_prefix("places-")?.parse().ok()).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

impl SearchIndex {
    /// Opens the index of this generation, if it is there.
    pub(crate) fn open(search_folder: &Path, j: JurisdictionId, generation: i64) -> Result<Option<Self>, PlacesError> {
        let folder = folder(search_folder, j, generation);
        if !folder.is_dir() {
            return Ok(None);
        }
        let index = Index::open_in_dir(&folder)?;
        let (expected, fields) = schema();
        if index.schema() != expected {
            return Ok(None);
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Some(Self { generation, reader, fields }))
    }

    /// Opens the newest index that is there, up to `generation`; a damaged one is passed over.
    pub(crate) fn open_newest(search_folder: &Path, j: JurisdictionId, generation: i64) -> Option<Self> {
        generations(search_folder, j).into_iter().filter(|found| *found <= generation).find_map(|found| match Self::open(search_folder, j, found) {
            Ok(index) => index,
            Err(error) => {
                tracing::warn!(%error, jurisdiction = j.0, generation = found, "a search index cannot be opened; it will be made anew");
                None
            }
        })
    }

    /// Makes the index of `generation` from the database's rows beside the old ones, then puts it in place at once.
    /// Several processes may do so at the same time: the first one wins, and all are alike.
    pub(crate) async fn build(db: &Db, search_folder: &Path, j: JurisdictionId, generation: i64) -> Result<Self, PlacesError> {
        let entries = entries(db, j).await?;
        let search_folder = search_folder.to_owned();
        tokio::task::spawn_blocking(move || {
            write(&search_folder, j, generation, &entries)?;
            Self::open(&search_folder, j, generation)?
                .ok_or_else(|| PlacesError::Stored { what: "search index".to_owned(), reason: "it vanished while it was made".to_owned() })
        })
        .await
        .map_err(|_| PlacesError::Stopping)?
    }

    /// Entries of one kind that share words with what was asked, those that share most first.
    pub(crate) fn candidates(&self, asked: &Asked, kind: Kind, limit: usize) -> Result<Vec<Entry>, PlacesError> {
        let mut each: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let whole = asked.words.len();
        for (at, word) in asked.words.iter().enumerate() {
            let unfinished = asked.typing && at + 1 == whole && !word.aside;
            each.push((Occur::Should, self.word(kind, &word.canonical, &word.raw, unfinished)));
            // "broad way" is in the index as one word.
            if let Some(next) = asked.words.get(at + 1).filter(|_| !word.aside && kind != Kind::Landmark) {
                let joined = format!("{}{}", word.raw, next.raw);
                each.push((Occur::Should, self.word(kind, &joined, &joined, false)));
                let joined = format!("{}{}", word.canonical, next.canonical);
                each.push((Occur::Should, self.exact(kind, &joined, 2.0)));
            }
        }
        if kind == Kind::Street {
            let mut name = String::new();
            for word in asked.words.iter().take_while(|word| !word.aside).take(WHOLE_WORDS) {
                name.push_str(&word.canonical);
                each.push((Occur::Should, self.exact(kind, &format!("{WHOLE}{name}"), 1.5)));
                if name.chars().count() > 2 && !name.starts_with(|c: char| c.is_ascii_digit()) {
                    let near = FuzzyTermQuery::new(self.term(kind, &format!("{WHOLE}{name}")), 1, true);
                    each.push((Occur::Should, worth(Box::new(near), 0.7)));
                }
            }
        }
        let searcher = self.reader.searcher();
        let top = searcher.search(&BooleanQuery::new(each), &TopDocs::with_limit(limit.max(1)).order_by_score())?;
        let mut entries = Vec::with_capacity(top.len());
        for (_, address) in top {
            let document: TantivyDocument = searcher.doc(address)?;
            let bytes = document.get_first(self.fields.entry).and_then(|value| value.as_bytes()).unwrap_or_default();
            entries
                .push(serde_json::from_slice(bytes).map_err(|error| PlacesError::Stored { what: "search index entry".to_owned(), reason: error.to_string() })?);
        }
        Ok(entries)
    }

    fn term(&self, kind: Kind, text: &str) -> Term {
        // The mark takes part in the comparison of typos, but it never differs.
        Term::from_field_text(self.fields.term, &format!("{}{text}", kind.mark()))
    }

    fn exact(&self, kind: Kind, text: &str, score: f32) -> Box<dyn Query> {
        worth(Box::new(TermQuery::new(self.term(kind, text), IndexRecordOption::Basic)), score)
    }

    /// One typed word: exact, with typos, unfinished; the best of them counts.
    fn word(&self, kind: Kind, canonical: &str, raw: &str, unfinished: bool) -> Box<dyn Query> {
        let term = |text: &str| self.term(kind, text);
        let exact = |text: &str| -> Box<dyn Query> { Box::new(TermQuery::new(term(text), IndexRecordOption::Basic)) };
        let mut ways = vec![worth(exact(canonical), 4.0)];
        if raw != canonical {
            ways.push(worth(exact(raw), 4.0));
        }
        let length = raw.chars().count();
        let numeric = raw.starts_with(|c: char| c.is_ascii_digit());
        if numeric && raw.bytes().all(|b| b.is_ascii_digit()) {
            for ending in ["th", "st", "nd", "rd"] {
                ways.push(worth(exact(&format!("{raw}{ending}")), 3.0));
            }
        } else if !numeric && raw == canonical {
            // A suffix or direction is hardly ever the misspelled part of a name.
            let distance = match length {
                0..=2 => 0,
                3..=7 => 1,
                _ => 2,
            };
            if distance > 0 {
                ways.push(worth(Box::new(FuzzyTermQuery::new(term(raw), distance, true)), 2.0));
            }
        }
        if unfinished {
            ways.push(worth(Box::new(FuzzyTermQuery::new_prefix(term(raw), 0, true)), 3.0));
            if length >= 4 && !numeric {
                ways.push(worth(Box::new(FuzzyTermQuery::new_prefix(term(raw), 1, true)), 1.5));
            }
        }
        Box::new(DisjunctionMaxQuery::new(ways))
    }
}

/// A match that counts `score`, however rare the word is.
fn worth(query: Box<dyn Query>, score: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(Box::new(ConstScoreQuery::new(query, 1.0)), score))
}

/// All entries of a jurisdiction.
async fn entries(db: &Db, j: JurisdictionId) -> Result<Vec<Entry>, PlacesError> {
    struct Known {
        name: String,
        n: i64,
        zips: std::collections::BTreeSet<String>,
        aliases: std::collections::BTreeSet<String>,
    }
    let mut streets: std::collections::BTreeMap<String, Known> = std::collections::BTreeMap::new();
    let fresh = |name: String| Known { name, n: 0, zips: std::collections::BTreeSet::new(), aliases: std::collections::BTreeSet::new() };
    // The center lines first: their names have small letters where a register has capitals.
    for row in store::streets::streets(db.read(), j).await? {
        let known = streets.entry(row.street_key).or_insert_with(|| fresh(row.name));
        known.n += row.pieces;
        known.zips.extend((!row.zip.is_empty()).then_some(row.zip));
        known.aliases.extend((!row.alias.is_empty()).then_some(row.alias));
    }
    for row in store::addresses::streets(db.read(), j).await? {
        let known = streets.entry(row.street_key).or_insert_with(|| fresh(row.name));
        known.n += row.houses;
        known.zips.extend((!row.zip.is_empty()).then_some(row.zip));
    }
    let mut entries = Vec::new();
    for (key, Known { name, n, zips, aliases }) in streets {
        let zips: Vec<String> = zips.into_iter().collect();
        for alias in aliases {
            entries.push(Entry::Street { key: key.clone(), name: name.clone(), alias: Some(alias), n, zips: zips.clone() });
        }
        entries.push(Entry::Street { key, name, alias: None, n, zips });
    }
    for row in store::streets::corners(db.read(), j).await? {
        entries.push(Entry::Corner { a: row.name_a, b: row.name_b, lat: row.lat, lon: row.lon });
    }
    for row in store::addresses::landmarks(db.read(), j).await? {
        let point = row.point();
        entries.push(Entry::Landmark { name: row.landmark, address: row.label, id: row.id, zip: row.zip, point });
    }
    Ok(entries)
}

/// Writes an index into a folder of its own and renames it.
fn write(search_folder: &Path, j: JurisdictionId, generation: i64, entries: &[Entry]) -> Result<(), PlacesError> {
    static BUILT: AtomicU64 = AtomicU64::new(0);
    let home = home(search_folder, j);
    let making = home.join(format!("making-{generation}-{}-{}", std::process::id(), BUILT.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir_all(&making).map_err(failed(&making))?;
    let made = fill(&making, entries);
    if let Err(error) = made {
        let _ = std::fs::remove_dir_all(&making);
        return Err(error);
    }
    let place = folder(search_folder, j, generation);
    if place.is_dir() && SearchIndex::open(search_folder, j, generation).ok().flatten().is_none() {
        // Damaged, or made by an older program.
        std::fs::remove_dir_all(&place).map_err(failed(&place))?;
    }
    if let Err(error) = std::fs::rename(&making, &place) {
        let _ = std::fs::remove_dir_all(&making);
        // Another process was first with the same content.
        if !place.is_dir() {
            return Err(failed(&place)(error));
        }
    }
    clear(&home, generation);
    Ok(())
}

fn fill(folder: &Path, entries: &[Entry]) -> Result<(), PlacesError> {
    let (schema, Fields { term, entry }) = schema();
    let index = Index::create_in_dir(folder, schema)?;
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_MEMORY)?;
    for item in entries {
        let mut document = TantivyDocument::new();
        let mark = item.kind().mark();
        for text in item.terms() {
            document.add_text(term, format!("{mark}{text}"));
        }
        let bytes = serde_json::to_vec(item).map_err(|error| PlacesError::Stored { what: "search index entry".to_owned(), reason: error.to_string() })?;
        document.add_bytes(entry, &bytes);
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
        writer.garbage_collect_files().wait()?;
    }
    writer.wait_merging_threads()?;
    Ok(())
}

/// Removes the folders of older generations, but the last one before this, which other processes may be opening.
fn clear(home: &Path, generation: i64) {
    let Ok(entries) = std::fs::read_dir(home) else { return };
    let mut old: Vec<(i64, PathBuf)> = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let number = |text: &str| text.split('-').next().and_then(|n| n.parse::<i64>().ok());
        if let Some(of) = name.strip_prefix("places-").and_then(number).filter(|of| *of < generation) {
            old.push((of, entry.path()));
        } else if name.strip_prefix("making-").and_then(number).is_some_and(|of| of < generation) {
            // Left behind by a process that died.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    old.sort_unstable();
    old.pop();
    for (_, path) in old {
        if let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::warn!(%error, path = %path.display(), "an old search index cannot be removed");
        }
    }
}
