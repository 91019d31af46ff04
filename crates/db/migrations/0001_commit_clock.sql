-- One row. SQLite: the last stamp drawn. PostgreSQL: what is added to the transaction's own number to make a stamp.
CREATE TABLE commit_clock (n BIGINT NOT NULL);
INSERT INTO commit_clock (n) VALUES (0);
