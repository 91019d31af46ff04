-- What a city offers, each thing with its versions. kind: service, calendar, target or routing.
CREATE TABLE catalog_entries (
    jurisdiction_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (jurisdiction_id, kind, code)
);

-- Never deleted. A version that is not yet in force may be corrected; one that was in force never changes.
CREATE TABLE catalog_versions (
    jurisdiction_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    number INTEGER NOT NULL,
    valid_from_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, kind, code, number)
);

-- Names that services had in earlier years. name_key is the name in lower case with single blanks.
CREATE TABLE service_aliases (
    jurisdiction_id BIGINT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, name_key)
);

-- The generation grows with each change, so that whoever keeps a catalog in memory knows when to read it again.
CREATE TABLE catalog_state (
    jurisdiction_id BIGINT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    language TEXT NOT NULL
);

-- The text of the last imported catalog file, so that it can be given back exactly.
CREATE TABLE catalog_files (
    jurisdiction_id BIGINT NOT NULL PRIMARY KEY,
    imported_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
