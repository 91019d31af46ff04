//! The whole surface as one table: every address, its methods and parameters. Calls are found in it, parameters are read
//! by it, and the OpenAPI document is made from it, so that none of the three can say something else.

use percent_encoding::percent_decode_str;

/// In which form an answer is asked for: by the suffix, never by the Accept header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Xml,
    Json,
}

impl Format {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// Names a call; also its `operationId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationId {
    Discovery,
    DiscoveryAbove,
    ListServices,
    ServiceDefinition,
    CreateRequest,
    ListRequests,
    OneRequest,
    Token,
    ListUpdates,
    CreateUpdate,
    Description,
    Photo,
}

impl std::fmt::Display for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery",
            Self::DiscoveryAbove => "discoveryAbove",
            Self::ListServices => "listServices",
            Self::ServiceDefinition => "getServiceDefinition",
            Self::CreateRequest => "createServiceRequest",
            Self::ListRequests => "listServiceRequests",
            Self::OneRequest => "getServiceRequest",
            Self::Token => "getServiceRequestIdFromToken",
            Self::ListUpdates => "listServiceRequestUpdates",
            Self::CreateUpdate => "createServiceRequestUpdate",
            Self::Description => "getOpenApiDocument",
            Self::Photo => "getPhoto",
        })
    }
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Number,
    Whole,
    Date,
    Url,
    /// Texts by a code in brackets.
    Answers,
    File,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    /// In the body; taken from the query too.
    Form,
    Header,
}

/// One parameter of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub name: &'static str,
    pub place: Place,
    pub holds: Holds,
    pub required: bool,
    pub repeated: bool,
    pub words: &'static str,
}

const fn text(name: &'static str, place: Place, words: &'static str) -> Parameter {
    Parameter { name, place, holds: Holds::Text, required: false, repeated: false, words }
}

const fn query(name: &'static str, words: &'static str) -> Parameter {
    text(name, Place::Query, words)
}

const fn form(name: &'static str, words: &'static str) -> Parameter {
    text(name, Place::Form, words)
}

impl Parameter {
    const fn holding(self, holds: Holds) -> Self {
        Self { holds, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn repeated(self) -> Self {
        Self { repeated: true, ..self }
    }
}

/// One address and method.
#[derive(Debug)]
pub(crate) struct Operation {
    pub id: OperationId,
    pub method: &'static str,
    /// Segments; `{name}` takes any. The last one carries the suffix.
    pub path: &'static [&'static str],
    /// Suffixes without the dot.
    pub suffixes: &'static [&'static str],
    pub summary: &'static str,
    pub parameters: &'static [Parameter],
    /// Statuses of refusals.
    pub refusals: &'static [u16],
}

const JURISDICTION: Parameter = query("jurisdiction_id", "The city's code. Needed only where this server speaks for several.");
const LOCALE: Parameter = query("locale", "The language of names and descriptions (BCP 47), where the city has them in it.");
const POSTED_JURISDICTION: Parameter = form("jurisdiction_id", "The city's code. Needed only where this server speaks for several.");
const API_KEY: Parameter = form("api_key", "The sender's key. Also taken from the query.").required();
const IDEMPOTENCY_HEADER: Parameter = text("Idempotency-Key", Place::Header, "The sender's own mark for this sending: sent twice, it makes one request.");
const MEDIA_URL: Parameter = form("media_url", "Web address of a picture or page.").holding(Holds::Url).repeated();
const MEDIA: Parameter = form("media", "A photo. File parts are taken under any name.").holding(Holds::File).repeated();
const START_DATE: Parameter = query("start_date", "Requested at or after this. Without it, 90 days before the end.").holding(Holds::Date);
const END_DATE: Parameter = query("end_date", "Requested at or before this; a date alone is the whole day. Without it, now.").holding(Holds::Date);
const EXTENSIONS: Parameter = query("extensions", "`true` (or `v1`) adds attributes, extended_attributes and notes.");

const BOTH: &[&str] = &["json", "xml"];

/// Every address and method.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        id: OperationId::Discovery,
        method: "GET",
        path: &["open311", "v2", "discovery"],
        suffixes: BOTH,
        summary: "Where the endpoints are and when the catalog last changed.",
        parameters: &[JURISDICTION],
        refusals: &[404],
    },
    Operation {
        id: OperationId::DiscoveryAbove,
        method: "GET",
        path: &["open311", "discovery"],
        suffixes: BOTH,
        summary: "The same one level up, where some clients look.",
        parameters: &[JURISDICTION],
        refusals: &[404],
    },
    Operation {
        id: OperationId::ListServices,
        method: "GET",
        path: &["open311", "v2", "services"],
        suffixes: BOTH,
        summary: "What can be asked for.",
        parameters: &[JURISDICTION, LOCALE],
        refusals: &[400, 404],
    },
    Operation {
        id: OperationId::ServiceDefinition,
        method: "GET",
        path: &["open311", "v2", "services", "{service_code}"],
        suffixes: BOTH,
        summary: "The questions of a service.",
        parameters: &[text("service_code", Place::Path, "The service.").required(), JURISDICTION, LOCALE],
        refusals: &[400, 404],
    },
    Operation {
        id: OperationId::CreateRequest,
        method: "POST",
        path: &["open311", "v2", "requests"],
        suffixes: BOTH,
        summary: "Asks for a service. The answer comes when the request is kept for good.",
        parameters: &[
            API_KEY,
            POSTED_JURISDICTION,
            form("service_code", "The service.").required(),
            form("lat", "Latitude, WGS84; together with long.").holding(Holds::Number),
            form("long", "Longitude, WGS84; together with lat.").holding(Holds::Number),
            form("address_string", "The address, from specific to general."),
            form("address_id", "The address's id in the city's register."),
            form("attribute", "Answers: attribute[CODE]=value, repeated or with [] for several.").holding(Holds::Answers),
            form("description", "What is asked for, at most 4,000 characters."),
            form("email", "The reporter's e-mail address. Never published."),
            form("first_name", "The reporter's given name. Never published."),
            form("last_name", "The reporter's family name. Never published."),
            form("phone", "The reporter's telephone number. Never published."),
            form("device_id", "The reporter's device. Never published."),
            form("account_id", "The reporter's account with the sender. Never published."),
            form("locale", "The language in which to answer the reporter (BCP 47)."),
            MEDIA_URL,
            MEDIA,
            form("idempotency_key", "The same as the header Idempotency-Key."),
            IDEMPOTENCY_HEADER,
        ],
        refusals: &[400, 403, 404, 413],
    },
    Operation {
        id: OperationId::ListRequests,
        method: "GET",
        path: &["open311", "v2", "requests"],
        suffixes: BOTH,
        summary: "Requests, newest first: at most 1,000 of at most 90 days, or page by page.",
        parameters: &[
            JURISDICTION,
            query("service_request_id", "These requests, parted by commas; all other parameters are then passed over.").repeated(),
            query("service_code", "Any of these services, parted by commas.").repeated(),
            START_DATE,
            END_DATE,
            query("status", "open, closed or both, parted by a comma.").repeated(),
            query("updated_after", "Changed at or after this.").holding(Holds::Date),
            query("updated_before", "Changed at or before this. Without it, now.").holding(Holds::Date),
            query("page", "Counts from 1. With page or page_size, spans longer than 90 days are answered too.").holding(Holds::Whole),
            query("page_size", "Requests on a page: 50 when not given, at most 500.").holding(Holds::Whole),
            query("max_requests", "At most so many, and never more than 1,000.").holding(Holds::Whole),
            query("lat", "Latitude of a point, with long and radius.").holding(Holds::Number),
            query("long", "Longitude of a point, with lat and radius.").holding(Holds::Number),
            query("radius", "Metres around the point.").holding(Holds::Number),
            query("bbox", "A box: south,west,north,east in degrees. west,south,east,north is understood where only that can be meant."),
            query("agency_responsible", "Only this department, by name or code."),
            EXTENSIONS,
            LOCALE,
        ],
        refusals: &[400, 404],
    },
    Operation {
        id: OperationId::OneRequest,
        method: "GET",
        path: &["open311", "v2", "requests", "{service_request_id}"],
        suffixes: BOTH,
        summary: "One request, as a list of one.",
        parameters: &[text("service_request_id", Place::Path, "The request.").required(), JURISDICTION, EXTENSIONS, LOCALE],
        refusals: &[400, 404],
    },
    Operation {
        id: OperationId::Token,
        method: "GET",
        path: &["open311", "v2", "tokens", "{token}"],
        suffixes: BOTH,
        summary: "The id that a token of a batch service became; the token alone while there is none yet.",
        parameters: &[text("token", Place::Path, "What the creating call answered.").required(), JURISDICTION],
        refusals: &[400, 404],
    },
    Operation {
        id: OperationId::ListUpdates,
        method: "GET",
        path: &["open311", "v2", "servicerequestupdates"],
        suffixes: BOTH,
        summary: "Public updates by when they were made known, the oldest first, at most 1,000.",
        parameters: &[
            JURISDICTION,
            query("start_date", "Made known at or after this.").holding(Holds::Date),
            query("end_date", "Made known at or before this.").holding(Holds::Date),
        ],
        refusals: &[400, 404],
    },
    Operation {
        id: OperationId::CreateUpdate,
        method: "POST",
        path: &["open311", "v2", "servicerequestupdates"],
        suffixes: BOTH,
        summary: "Adds a comment; a closing status closes the request when the key may close.",
        parameters: &[
            API_KEY,
            POSTED_JURISDICTION,
            form("service_request_id", "The request.").required(),
            form("update_id", "The sender's own id of the update. Sent again, it is the same update.").required(),
            form("updated_datetime", "When it happened.").holding(Holds::Date).required(),
            form("status", "State after the update, such as OPEN, IN_PROGRESS, FIXED, DUPLICATE, UNCHANGED.").required(),
            form("description", "The words, at most 4,000 characters."),
            MEDIA_URL,
            MEDIA,
        ],
        refusals: &[400, 403, 404, 413],
    },
    Operation {
        id: OperationId::Description,
        method: "GET",
        path: &["open311", "v2", "openapi"],
        suffixes: &["json"],
        summary: "This document.",
        parameters: &[],
        refusals: &[],
    },
    Operation {
        id: OperationId::Photo,
        method: "GET",
        path: &["media", "{jurisdiction_id}", "{photo_id}"],
        suffixes: &["jpg"],
        summary: "A photo of a request that the public may see.",
        parameters: &[
            text("jurisdiction_id", Place::Path, "The city's code.").required(),
            text("photo_id", Place::Path, "The photo, as media_url names it.").required(),
        ],
        refusals: &[404],
    },
];

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The suffix, where it is one of the two; errors elsewhere are told in XML.
    pub format: Option<Format>,
    /// Decoded segments, the suffix taken off the last.
    pub segments: Vec<String>,
    /// The suffix as written.
    suffix: String,
}

impl Address {
    /// Reads a path. Doubled and trailing slashes do not count; the suffix is taken from the end before decoding, so that
    /// codes may hold anything. `None` for bytes that are not UTF-8.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let mut raw: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let (stem, suffix) = raw.pop().unwrap_or_default().rsplit_once('.').unwrap_or_default();
        if !stem.is_empty() {
            raw.push(stem);
        }
        let format = match suffix {
            "xml" => Some(Format::Xml),
            "json" => Some(Format::Json),
            _ => None,
        };
        let decoded = |segment: &&str| percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned());
        Some(Self { format, segments: raw.iter().map(decoded).collect::<Option<_>>()?, suffix: suffix.to_owned() })
    }

    /// The operations at this address, one per method.
    pub(crate) fn operations(&self) -> Vec<&'static Operation> {
        OPERATIONS.iter().filter(|operation| self.is_at(operation)).collect()
    }

    fn is_at(&self, operation: &Operation) -> bool {
        let fits = |(template, segment): (&&str, &String)| template.starts_with('{') || template == segment;
        operation.suffixes.contains(&self.suffix.as_str()) && operation.path.len() == self.segments.len() && operation.path.iter().zip(&self.segments).all(fits)
    }

    /// The last segment: the code or id.
    pub(crate) fn last(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(path: &str) -> Vec<OperationId> {
        Address::read(path).map(|address| address.operations().iter().map(|o| o.id).collect()).unwrap_or_default()
    }

    #[test]
    fn addresses_are_found_with_any_slashes() {
        use OperationId::*;
        assert_eq!(ids("/open311/v2/services.xml"), [ListServices]);
        assert_eq!(ids("//open311//v2///services.json/"), [ListServices]);
        assert_eq!(ids("/open311/v2/requests.json"), [CreateRequest, ListRequests]);
        assert_eq!(ids("/open311/discovery.xml"), [DiscoveryAbove]);
        for none in [
            "/open311/v2",
            "/open311/v2/services",
            "/open311/v2/services.yaml",
            "/open311/v2/services.JSON",
            "/open311/v2/.json",
            "/open311/v2/openapi.xml",
            "/open311/services.json",
            "/",
        ] {
            assert_eq!(ids(none), [], "{none}");
        }
    }

    #[test]
    fn the_suffix_is_taken_from_the_end_before_decoding() {
        let read = |path| Address::read(path).unwrap().last().to_owned();
        assert_eq!(read("/open311/v2/services/a%2Fb%20c.xml.json"), "a/b c.xml");
        assert_eq!(read("/open311/v2/requests/2014.001.xml"), "2014.001");
        assert_eq!(read("/open311/v2/requests/a%2Ejson.xml"), "a.json");
        assert_eq!(ids("/open311/v2/services/a%2Fb.json"), [OperationId::ServiceDefinition]);
        assert_eq!(Address::read("/open311/v2/services/%FF.json"), None);
    }

    proptest! {
        #[test]
        fn fuzz_any_path_is_read(path in "[/a-z0-9.%]{0,60}", any in any::<String>()) {
            let _ = (ids(&path), ids(&any));
        }
    }
}
