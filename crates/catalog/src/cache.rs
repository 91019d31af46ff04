//! Catalogs kept in memory, one per jurisdiction, and read again when they changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use db::Db;
use kernel::JurisdictionId;
use staff::Jurisdiction;

use crate::snapshot::Catalog;
use crate::{CatalogError, store};

/// How long another process's change may go unnoticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The catalogs of all jurisdictions. Cloning shares them.
///
/// The stored generation is looked at once a second, and at once when this process itself changed a catalog.
#[derive(Clone, Debug)]
pub struct Catalogs {
    db: Db,
    known: Arc<Mutex<HashMap<JurisdictionId, Known>>>,
}

#[derive(Clone, Debug)]
struct Known {
    catalog: Arc<Catalog>,
    looked_at: Instant,
    /// The process's count of changes when it was last sure.
    changes: u64,
}

impl Catalogs {
    /// An empty cache over `db`.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, known: Arc::default() }
    }

    /// The catalog of `jurisdiction`.
    ///
    /// # Errors
    /// When the database fails or holds what this program cannot read.
    pub async fn get(&self, jurisdiction: &Jurisdiction) -> Result<Arc<Catalog>, CatalogError> {
        let changes = store::changes_here();
        let now = Instant::now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&jurisdiction.id).cloned();
        if let Some(known) = known {
            let fresh = now.duration_since(known.looked_at) < LOOK_EVERY;
            if fresh && known.changes == changes {
                return Ok(known.catalog);
            }
            if store::generation(self.db.read(), jurisdiction.id).await? == known.catalog.generation {
                // Counted but not yet committed: keep looking for a while.
                if !fresh {
                    self.keep(jurisdiction.id, Known { looked_at: now, changes, ..known.clone() });
                }
                return Ok(known.catalog);
            }
        }
        let catalog = Arc::new(Catalog::load(self.db.read(), jurisdiction).await?);
        self.keep(jurisdiction.id, Known { catalog: Arc::clone(&catalog), looked_at: now, changes });
        Ok(catalog)
    }

    /// Keeps what was read, unless somebody else has read something newer meanwhile.
    fn keep(&self, id: JurisdictionId, read: Known) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(&id) {
            Some(there) if there.catalog.generation > read.catalog.generation => {}
            _ => {
                all.insert(id, read);
            }
        }
    }
}
