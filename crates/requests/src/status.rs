//! The life of a request: its states, how it may end, and the one table of allowed changes.

use serde::{Deserialize, Serialize};

/// Makes an enum that is stored and shown as a fixed text.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text in the database, in files and in other programs.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the text; case, blanks, hyphens and underscores do not matter.
            #[must_use]
            pub fn from_code(text: &str) -> Option<Self> {
                let plain = |t: &str| t.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
                let wanted = plain(text);
                Self::ALL.iter().copied().find(|one| plain(one.code()) == wanted)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

coded! {
    /// Where a request stands. The texts for residents are made from these in each language.
    Status {
        /// It arrived and has a number.
        Received = "received",
        /// A department or a person has it.
        Assigned = "assigned",
        /// A day for the work is set.
        Scheduled = "scheduled",
        /// Somebody is at it.
        UnderWay = "under-way",
        /// The resident was asked something; the promise's clock stands still.
        Waiting = "waiting",
        /// It ended, with an outcome.
        Closed = "closed",
    }
}

coded! {
    /// How a request ended. "A work order was made" is not among them, because that ends nothing for the resident.
    Outcome {
        /// The city did it.
        Done = "done",
        /// Somebody else had done it already.
        DoneByOthers = "done-by-others",
        /// The same was reported before; the other request goes on.
        Duplicate = "duplicate",
        /// It belongs to another agency, which the explanation names.
        NotOurs = "not-ours",
        /// Nothing was found at the place.
        NotFound = "not-found",
        /// The crew could not get to the place.
        NoAccess = "no-access",
        /// Not something the city does.
        NotACityService = "not-a-city-service",
        /// The resident took it back.
        Withdrawn = "withdrawn",
        /// Closed in another system that did not say how. Only imports write it.
        NotRecorded = "not-recorded",
    }
}

coded! {
    /// How a request reached the city.
    Channel {
        /// The city's own pages.
        Web = "web",
        /// An app, or another program over Open311.
        App = "app",
        /// A call.
        Phone = "phone",
        /// A call to a machine.
        VoiceMail = "voice-mail",
        /// E-mail.
        Email = "email",
        /// A text message.
        Text = "text",
        /// A chat, with a person or a machine.
        Chat = "chat",
        /// A public post.
        Social = "social",
        /// At a counter or from a van.
        Counter = "counter",
        /// A letter.
        Mail = "mail",
        /// A fax.
        Fax = "fax",
        /// Seen by the city's own people.
        Staff = "staff",
        /// Made by another system.
        System = "system",
        /// Another way, or not recorded.
        Other = "other",
    }
}

coded! {
    /// What may happen to a request in its life.
    Step {
        /// Given to a department, work group or person.
        Assign = "assign",
        /// A day was set.
        Schedule = "schedule",
        /// Work began.
        Start = "start",
        /// The resident was asked something.
        Wait = "wait",
        /// The answer came.
        Resume = "resume",
        /// It ended.
        Close = "close",
        /// It goes on after all.
        Reopen = "reopen",
        /// Words only, or a change that moves no state (another place, another service).
        Note = "note",
    }
}

use Status::{Assigned, Closed, Received, Scheduled, UnderWay, Waiting};

/// The allowed changes: from which states a step may be taken and to which it leads (`None`: the state stays).
const STEPS: &[(Step, &[Status], Option<Status>)] = &[
    (Step::Assign, &[Received, Assigned, Scheduled, UnderWay], Some(Assigned)),
    (Step::Schedule, &[Received, Assigned, Scheduled, UnderWay], Some(Scheduled)),
    (Step::Start, &[Received, Assigned, Scheduled, UnderWay], Some(UnderWay)),
    (Step::Wait, &[Received, Assigned, Scheduled, UnderWay], Some(Waiting)),
    (Step::Resume, &[Waiting], Some(Assigned)),
    (Step::Close, &[Received, Assigned, Scheduled, UnderWay, Waiting], Some(Closed)),
    (Step::Reopen, &[Closed], Some(Received)),
    (Step::Note, &[Received, Assigned, Scheduled, UnderWay, Waiting, Closed], None),
];

/// A step that may not be taken from where the request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request that is {from} cannot take the step {step}")]
pub struct NotAllowed {
    /// Where it stands.
    pub from: Status,
    /// What was tried.
    pub step: Step,
}

impl Status {
    /// Where `step` leads from here.
    ///
    /// # Errors
    /// [`NotAllowed`] when the table has no such change.
    pub fn after(self, step: Step) -> Result<Self, NotAllowed> {
        let row = STEPS.iter().find(|(s, from, _)| *s == step && from.contains(&self));
        row.map(|(_, _, to)| to.unwrap_or(self)).ok_or(NotAllowed { from: self, step })
    }

    /// Whether the city still has something to do or to learn.
    #[must_use]
    pub fn is_open(self) -> bool {
        self != Self::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_may_follow() {
        assert_eq!(Received.after(Step::Assign), Ok(Assigned));
        assert_eq!(Waiting.after(Step::Resume), Ok(Assigned));
        assert_eq!(Closed.after(Step::Reopen), Ok(Received));
        assert_eq!(Closed.after(Step::Note), Ok(Closed));
        assert_eq!(Closed.after(Step::Close), Err(NotAllowed { from: Closed, step: Step::Close }));
        assert_eq!(Waiting.after(Step::Assign), Err(NotAllowed { from: Waiting, step: Step::Assign }));
        for step in Step::ALL {
            assert!(Status::ALL.iter().any(|s| s.after(*step).is_ok()), "{step} can never be taken");
        }
        for status in Status::ALL.iter().filter(|s| s.is_open()) {
            assert_eq!(status.after(Step::Close), Ok(Closed), "every open request can end");
        }
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        assert_eq!(Status::from_code("UNDER_WAY"), Some(UnderWay));
        assert_eq!(Outcome::from_code("not ours"), Some(Outcome::NotOurs));
        assert_eq!(Channel::from_code("Voice Mail"), Some(Channel::VoiceMail));
        assert_eq!(Status::from_code("work-ordered"), None);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), Some(*outcome));
        }
    }
}
