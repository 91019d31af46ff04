//! Exchange: a city's history in, whatever its files look like, and everything out again in open formats.
//!
//! A [`Map`] says how a city's file is to be read; [`import_requests`] reads it as a stream into the hub and accounts for
//! every row; [`export_requests`] writes CSV, GeoJSON and Parquet as a stream.

mod areas;
mod convert;
mod dates;
mod export;
mod fingerprint;
mod generated;
mod import;
mod layout;
mod map;
mod rejects;
mod repeats;
mod rows;
mod source;
mod summary;
mod words;

pub use export::{ExportError, Exported, Format, export_requests};
pub use generated::generated_csv;
pub use import::{City, ImportError, ImportOptions, Progress, import_requests};
pub use map::{BUILT_IN, BuiltIn, Map, MapError};
pub use rejects::{Reject, RejectFile};
pub use summary::{Agreement, Summary};
