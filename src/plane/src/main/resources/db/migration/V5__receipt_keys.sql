-- The digest of a batch is keyed by its patient: without the key, which goes with the row of the patient, it tells
-- nothing about the values.

ALTER TABLE patients ADD COLUMN receipt_key bytea NOT NULL DEFAULT uuid_send(gen_random_uuid());
COMMENT ON COLUMN patients.receipt_key IS 'the key of the digests of this patient''s batches';

-- Batches that were stored before stay as they are. They count until a patient of their device is erased.
ALTER TABLE batches ADD COLUMN keyed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN batches.keyed IS 'whether the digest is keyed by the patient';
