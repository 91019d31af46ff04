-- One asked-for piece of work. Times are milliseconds since 1970 in UTC; JSON is kept as text.
CREATE TABLE requests (
  jurisdiction_id BIGINT NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  origin TEXT,
  fingerprint BIGINT,
  service_code TEXT NOT NULL,
  status TEXT NOT NULL,
  open BOOLEAN NOT NULL,
  outcome TEXT,
  explanation TEXT,
  priority TEXT NOT NULL,
  channel TEXT NOT NULL,
  department TEXT,
  work_group TEXT,
  assignee TEXT,
  private BOOLEAN NOT NULL,
  lat DOUBLE PRECISION,
  lon DOUBLE PRECISION,
  cell BIGINT,
  address TEXT,
  address_id TEXT,
  zip TEXT,
  place_note TEXT,
  in_city BOOLEAN,
  areas TEXT,
  description TEXT,
  answers TEXT,
  media_urls TEXT,
  requested_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  closed_at BIGINT,
  due_at BIGINT,
  promise TEXT,
  paused_at BIGINT,
  routing TEXT,
  parent_id UUID,
  source_fields TEXT,
  revision INTEGER NOT NULL,
  PRIMARY KEY (jurisdiction_id, id)
);
CREATE UNIQUE INDEX requests_number ON requests (jurisdiction_id, number);
-- `private` stands at the end of each, so that the part of a list that is passed over is read from the index alone.
CREATE INDEX requests_requested ON requests (jurisdiction_id, requested_at, id, private);
CREATE INDEX requests_updated ON requests (jurisdiction_id, updated_at, id, private);
CREATE INDEX requests_open ON requests (jurisdiction_id, open, requested_at, id, private);
CREATE INDEX requests_service ON requests (jurisdiction_id, service_code, requested_at, id, private);
CREATE INDEX requests_cell ON requests (jurisdiction_id, cell, requested_at);

-- Who asked. Apart from the request, so that what is published can never carry it by accident.
CREATE TABLE reporters (
  jurisdiction_id BIGINT NOT NULL,
  request_id UUID NOT NULL,
  first_name TEXT,
  last_name TEXT,
  email TEXT,
  phone TEXT,
  device_id TEXT,
  account_id TEXT,
  language TEXT,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (jurisdiction_id, request_id)
);

-- Words and states made known about a request, each once: what the resident reads and what other systems fetch.
CREATE TABLE request_updates (
  jurisdiction_id BIGINT NOT NULL,
  id UUID NOT NULL,
  request_id UUID NOT NULL,
  client TEXT,
  client_update_id TEXT,
  status TEXT NOT NULL,
  outcome TEXT,
  words TEXT,
  media_urls TEXT,
  public BOOLEAN NOT NULL,
  updated_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (jurisdiction_id, id)
);
CREATE UNIQUE INDEX request_updates_client ON request_updates (jurisdiction_id, client, request_id, client_update_id);
CREATE INDEX request_updates_recorded ON request_updates (jurisdiction_id, recorded_at, id);
CREATE INDEX request_updates_request ON request_updates (jurisdiction_id, request_id, recorded_at, id);

-- Photos as they are kept: re-encoded, without position data. The bytes lie in the object store under `object`.
CREATE TABLE photos (
  jurisdiction_id BIGINT NOT NULL,
  id UUID NOT NULL,
  request_id UUID NOT NULL,
  update_id UUID,
  object TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  private BOOLEAN NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (jurisdiction_id, id)
);
CREATE INDEX photos_request ON photos (jurisdiction_id, request_id, id);

-- A double send finds the first one's answer here.
CREATE TABLE intake_keys (
  jurisdiction_id BIGINT NOT NULL,
  client TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  request_id UUID,
  token TEXT,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (jurisdiction_id, client, idempotency_key)
);

-- Requests taken for a batch service: a token now, the request soon.
CREATE TABLE intake_tokens (
  jurisdiction_id BIGINT NOT NULL,
  token TEXT NOT NULL,
  request_id UUID,
  refused TEXT,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (jurisdiction_id, token)
);
