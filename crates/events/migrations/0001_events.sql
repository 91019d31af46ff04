-- What happened, appended and never changed. A stamp is the place of its transaction in the order of reading (db::Tx::stamp).
CREATE TABLE events (
  jurisdiction_id BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  id UUID NOT NULL,
  subject_kind TEXT NOT NULL,
  subject UUID NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  occurred_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (jurisdiction_id, stamp, id)
);
CREATE INDEX events_subject ON events (jurisdiction_id, subject, stamp, id);
-- How far each follower has come in each jurisdiction, and which node follows for it at present.
CREATE TABLE event_positions (
  jurisdiction_id BIGINT NOT NULL,
  follower TEXT NOT NULL,
  version INTEGER NOT NULL,
  stamp BIGINT NOT NULL,
  id UUID NOT NULL,
  clear_first BOOLEAN NOT NULL,
  lease_owner UUID,
  lease_until BIGINT,
  failures INTEGER NOT NULL,
  last_error TEXT,
  retry_at BIGINT,
  PRIMARY KEY (jurisdiction_id, follower)
);
