-- Patients who were erased. Nothing of them is left but this, and the history of consent without a name.

CREATE TABLE erasures (
  id_digest bytea PRIMARY KEY,
  erased_at timestamptz NOT NULL
);
COMMENT ON COLUMN erasures.id_digest IS 'SHA-256 of the id, to tell who comes back';

-- A consent outlives whom it was of.
ALTER TABLE consents DROP CONSTRAINT consents_patient_id_fkey;
