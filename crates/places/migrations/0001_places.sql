-- What the map says: areas with their dates in force, zones' schedules, addresses, streets, corners, assets.

-- Grows with every change of one topic ('boundaries', 'search'), so that every process knows when to look again.
CREATE TABLE place_generations (
    jurisdiction_id BIGINT NOT NULL,
    topic TEXT NOT NULL,
    generation BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, topic)
);

-- One edition of a layer's lines. `from_on` is its first day in force, `until_on` its last; absent means open.
CREATE TABLE boundary_editions (
    jurisdiction_id BIGINT NOT NULL,
    layer TEXT NOT NULL,
    edition TEXT NOT NULL,
    from_on TEXT,
    until_on TEXT,
    city_limits BOOLEAN NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, layer, edition)
);

-- `area_key` is the name, with a number when a file has several areas of that name. `rings` is a JSON text:
-- polygons of rings of [longitude, latitude].
CREATE TABLE boundary_areas (
    jurisdiction_id BIGINT NOT NULL,
    layer TEXT NOT NULL,
    edition TEXT NOT NULL,
    area_key TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT,
    rings TEXT NOT NULL,
    digest BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, layer, edition, area_key)
);

-- The pickup days of a layer's areas: the schedule's own text (TOML).
CREATE TABLE zone_schedules (
    jurisdiction_id BIGINT NOT NULL,
    layer TEXT NOT NULL,
    schedule TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, layer)
);

-- Address registers. A register of parcels has ids and points but no streets: then `street_key` is empty.
CREATE TABLE place_addresses (
    jurisdiction_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    register TEXT NOT NULL,
    label TEXT NOT NULL,
    number BIGINT,
    number_suffix TEXT NOT NULL,
    street TEXT NOT NULL,
    street_key TEXT NOT NULL,
    unit TEXT NOT NULL,
    city TEXT NOT NULL,
    zip TEXT NOT NULL,
    landmark TEXT NOT NULL,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    cell BIGINT,
    digest BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, id, register)
);
CREATE INDEX place_addresses_by_street ON place_addresses (jurisdiction_id, street_key, number);
CREATE INDEX place_addresses_by_cell ON place_addresses (jurisdiction_id, cell);
CREATE INDEX place_addresses_landmarks ON place_addresses (jurisdiction_id, landmark) WHERE landmark <> '';

-- Pieces of streets between corners, with the house numbers on each side. `line` is a JSON text of [longitude, latitude].
CREATE TABLE street_segments (
    jurisdiction_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    street_key TEXT NOT NULL,
    left_from BIGINT,
    left_to BIGINT,
    right_from BIGINT,
    right_to BIGINT,
    left_zip TEXT NOT NULL,
    right_zip TEXT NOT NULL,
    city TEXT NOT NULL,
    line TEXT NOT NULL,
    digest BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, id)
);
CREATE INDEX street_segments_by_street ON street_segments (jurisdiction_id, street_key);

-- The grid cells that a piece of street passes through.
CREATE TABLE street_segment_cells (
    jurisdiction_id BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    segment_id TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, cell, segment_id)
);
CREATE INDEX street_segment_cells_by_segment ON street_segment_cells (jurisdiction_id, segment_id);

-- Where two streets meet; `street_a_key` < `street_b_key`, and `place` tells apart the corners of two streets that meet twice.
CREATE TABLE street_corners (
    jurisdiction_id BIGINT NOT NULL,
    street_a_key TEXT NOT NULL,
    street_b_key TEXT NOT NULL,
    place INTEGER NOT NULL,
    name_a TEXT NOT NULL,
    name_b TEXT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    cell BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, street_a_key, street_b_key, place)
);
CREATE INDEX street_corners_by_cell ON street_corners (jurisdiction_id, cell);

-- Things of the city on the map that requests hang on: street lights, hydrants, litter barrels. `attributes` is a JSON object.
CREATE TABLE place_assets (
    jurisdiction_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    cell BIGINT NOT NULL,
    attributes TEXT NOT NULL,
    digest BIGINT NOT NULL,
    PRIMARY KEY (jurisdiction_id, kind, id)
);
CREATE INDEX place_assets_by_cell ON place_assets (jurisdiction_id, cell, kind);
