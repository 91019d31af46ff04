//! Statuses on the wire: `open` and `closed` for everybody, and mySociety's longer list in updates, both ways.

use requests::{Outcome, PostedStatus, Status};

/// The status of a request: the standard knows these two.
pub(crate) fn plain(status: Status) -> &'static str {
    if status.is_open() { "open" } else { "closed" }
}

/// The status of an update, by mySociety's names in lower case.
pub(crate) fn detailed(status: Status, outcome: Option<Outcome>) -> &'static str {
    match (status, outcome) {
        (Status::Received | Status::Assigned | Status::Waiting, _) => "open",
        (Status::Scheduled, _) => "action_scheduled",
        (Status::UnderWay, _) => "in_progress",
        (Status::Closed, Some(Outcome::Done | Outcome::DoneByOthers)) => "fixed",
        (Status::Closed, Some(Outcome::Duplicate)) => "duplicate",
        (Status::Closed, Some(Outcome::NotOurs)) => "not_councils_responsibility",
        (Status::Closed, Some(Outcome::NotFound | Outcome::NoAccess | Outcome::NotACityService)) => "no_further_action",
        (Status::Closed, Some(Outcome::Withdrawn)) => "cancelled",
        (Status::Closed, Some(Outcome::NotRecorded) | None) => "closed",
    }
}

/// The status by CitySDK's names, which some apps show.
pub(crate) fn city_sdk(status: Status, outcome: Option<Outcome>) -> &'static str {
    match (status, outcome) {
        (Status::Received, _) => "RECEIVED",
        (Status::Assigned | Status::Scheduled | Status::UnderWay | Status::Waiting, _) => "IN_PROCESS",
        (Status::Closed, Some(Outcome::NotOurs | Outcome::NotACityService)) => "REJECTED",
        (Status::Closed, Some(Outcome::Duplicate | Outcome::Withdrawn)) => "ARCHIVED",
        (Status::Closed, _) => "PROCESSED",
    }
}

/// A status that a sender posted, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    /// What it means here.
    pub status: PostedStatus,
    /// What the resident reads when a closing status comes without words: no more than the sender said.
    pub words: &'static str,
}

const POSTED: &[(&str, PostedStatus, &str)] = &[
    ("OPEN", PostedStatus::Open, ""),
    ("REOPEN", PostedStatus::Open, ""),
    ("FORTRIAGE", PostedStatus::Open, ""),
    ("INVESTIGATING", PostedStatus::UnderWay, ""),
    ("INPROGRESS", PostedStatus::UnderWay, ""),
    ("PLANNED", PostedStatus::Scheduled, ""),
    ("ACTIONSCHEDULED", PostedStatus::Scheduled, ""),
    ("UNCHANGED", PostedStatus::Unchanged, ""),
    ("FIXED", PostedStatus::Closed(Outcome::Done), "The department reports that this is fixed."),
    // FixMyStreet's own reading of a bare "closed" is "fixed by the council".
    ("CLOSED", PostedStatus::Closed(Outcome::Done), "The department reports that this is closed."),
    ("DUPLICATE", PostedStatus::Closed(Outcome::Duplicate), "The department reports that this was reported before."),
    ("CANCELLED", PostedStatus::Closed(Outcome::Withdrawn), "The department reports that this was taken back."),
    ("NOFURTHERACTION", PostedStatus::Closed(Outcome::NotACityService), "The department reports that nothing more will be done about this."),
    ("NOTCOUNCILSRESPONSIBILITY", PostedStatus::Closed(Outcome::NotOurs), "The department reports that this is not the city's responsibility."),
    ("INTERNALREFERRAL", PostedStatus::Closed(Outcome::NotOurs), "The department reports that it passed this on to somebody else."),
];

/// Reads a posted status. Case, blanks, hyphens and underscores do not matter.
pub(crate) fn posted(text: &str) -> Option<Posted> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect::<String>().to_ascii_uppercase();
    POSTED.iter().find(|(name, ..)| *name == plain).map(|(_, status, words)| Posted { status: *status, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 13 of the contract, word for word: which of mySociety's statuses leave a request open.
    #[test]
    fn the_list_of_mysociety_is_known_whole() {
        for open in ["OPEN", "REOPEN", "INVESTIGATING", "IN_PROGRESS", "PLANNED", "ACTION_SCHEDULED", "FOR_TRIAGE", "UNCHANGED"] {
            assert!(!matches!(posted(open).unwrap().status, PostedStatus::Closed(_)), "{open}");
        }
        for closed in ["CLOSED", "FIXED", "NO_FURTHER_ACTION", "NOT_COUNCILS_RESPONSIBILITY", "DUPLICATE", "INTERNAL_REFERRAL", "CANCELLED"] {
            let read = posted(closed).unwrap();
            assert!(matches!(read.status, PostedStatus::Closed(_)) && !read.words.is_empty(), "{closed}");
        }
        assert_eq!(posted("in progress"), posted("IN_PROGRESS"));
        assert_eq!(posted("Not councils responsibility"), posted("NOT_COUNCILS_RESPONSIBILITY"));
        assert_eq!(posted("DONE"), None);
        assert_eq!(posted(""), None);
    }

    #[test]
    fn what_we_write_we_read_as_the_same_kind() {
        for status in Status::ALL.iter().filter(|status| status.is_open()) {
            assert!(!matches!(posted(detailed(*status, None)).unwrap().status, PostedStatus::Closed(_)));
            assert_eq!(plain(*status), "open");
        }
        for outcome in Outcome::ALL {
            assert!(matches!(posted(detailed(Status::Closed, Some(*outcome))).unwrap().status, PostedStatus::Closed(_)), "{outcome}");
        }
        assert_eq!(plain(Status::Closed), "closed");
    }
}
