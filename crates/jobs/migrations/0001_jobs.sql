-- Work that waits. due_at is when a worker may next take it: run_at, or the end of the lease while a worker has it; empty once it is over.
CREATE TABLE jobs (
  jurisdiction_id BIGINT NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  key TEXT,
  payload TEXT NOT NULL,
  state TEXT NOT NULL,
  run_at BIGINT NOT NULL,
  due_at BIGINT,
  attempts INTEGER NOT NULL,
  lease_owner UUID,
  last_error TEXT,
  ended_at BIGINT,
  PRIMARY KEY (jurisdiction_id, id)
);
CREATE INDEX jobs_due ON jobs (jurisdiction_id, due_at, id);
CREATE INDEX jobs_state ON jobs (jurisdiction_id, state, ended_at);
CREATE UNIQUE INDEX jobs_key ON jobs (jurisdiction_id, kind, key);
