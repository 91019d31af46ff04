-- The governments served. The register of jurisdictions is the one table that is looked up by something else than the id.
CREATE TABLE jurisdictions (
  jurisdiction_id BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  timezone TEXT NOT NULL,
  secret TEXT NOT NULL,
  contact TEXT NOT NULL,
  key_service TEXT NOT NULL,
  public_url TEXT,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX jurisdictions_code ON jurisdictions (code);
-- Departments and their teams. What is retired stays, because old requests name it.
CREATE TABLE departments (
  jurisdiction_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  id UUID NOT NULL,
  name TEXT NOT NULL,
  email TEXT,
  phone TEXT,
  place INTEGER NOT NULL,
  active BOOLEAN NOT NULL,
  PRIMARY KEY (jurisdiction_id, code)
);
CREATE TABLE work_groups (
  jurisdiction_id BIGINT NOT NULL,
  department TEXT NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  place INTEGER NOT NULL,
  active BOOLEAN NOT NULL,
  PRIMARY KEY (jurisdiction_id, department, code)
);
-- Keys of apps and other systems, known only by their SHA-256.
CREATE TABLE api_keys (
  jurisdiction_id BIGINT NOT NULL,
  id UUID NOT NULL,
  name TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  rights TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  PRIMARY KEY (jurisdiction_id, id)
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (jurisdiction_id, key_hash);
