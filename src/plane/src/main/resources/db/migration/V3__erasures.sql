-- Patients who were erased. Only this row is left of each, and the history of consent without a name.

CREATE TABLE erasures (
  id_digest bytea PRIMARY KEY,
  erased_at timestamptz NOT NULL
);
COMMENT ON COLUMN erasures.id_digest IS 'SHA-256 of the id, to tell who comes back';

-- Consent stays when its patient is erased.
ALTER TABLE consents DROP CONSTRAINT consents_patient_id_fkey;
