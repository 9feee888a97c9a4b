-- The registry: patients, devices, which device is on which patient, and consent. Ids are those of the API: opaque
-- strings. They are compared byte by byte, which in UTF-8 is the order of code points.

CREATE TABLE patients (
  patient_id text COLLATE "C" PRIMARY KEY,
  mrn text COLLATE "C" CONSTRAINT patients_mrn UNIQUE,
  given_name text NOT NULL DEFAULT '',
  family_name text NOT NULL DEFAULT '',
  date_of_birth date,
  gender text CHECK (gender IN ('male', 'female', 'other')),
  phone text NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  provisional boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX patients_name ON patients (family_name, given_name);
COMMENT ON COLUMN patients.provisional IS 'nothing but the id is known: a reading was the first to name this patient';

-- Every group of batches updates the rows of its devices. Free room in a page lets PostgreSQL do this within the page.
CREATE TABLE devices (
  device_id text COLLATE "C" PRIMARY KEY,
  serial_number text COLLATE "C" CONSTRAINT devices_serial_number UNIQUE,
  device_type text NOT NULL DEFAULT '',
  manufacturer text NOT NULL DEFAULT '',
  model text NOT NULL DEFAULT '',
  firmware_version text NOT NULL DEFAULT '',
  status text NOT NULL CHECK (status IN ('active', 'inactive', 'maintenance', 'retired')),
  last_seen timestamptz,
  last_sequence bigint NOT NULL DEFAULT 0,
  measured_until timestamptz,
  provisional boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN devices.last_seen IS 'when the last batch of this device became durable';
COMMENT ON COLUMN devices.last_sequence IS
  'the highest sequence of its batches: unsigned, so those from 2^63 on are shown negative';
COMMENT ON COLUMN devices.measured_until IS 'no reading of this device is later; earlier ones may have been removed';

CREATE TABLE assignments (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id text COLLATE "C" NOT NULL REFERENCES devices,
  patient_id text COLLATE "C" NOT NULL REFERENCES patients,
  assigned_from timestamptz NOT NULL,
  assigned_to timestamptz CHECK (assigned_to >= assigned_from),
  provisional boolean NOT NULL
);
CREATE INDEX assignments_device ON assignments (device_id, number);
CREATE INDEX assignments_patient ON assignments (patient_id, number);
CREATE UNIQUE INDEX assignments_that_last ON assignments (device_id) WHERE assigned_to IS NULL;

-- The history of every patient's consent. Rows are only added. The row with the highest number is the one that counts.
CREATE TABLE consents (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient_id text COLLATE "C" NOT NULL REFERENCES patients,
  granted boolean NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz,
  codes text[] NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX consents_patient ON consents (patient_id, number);
COMMENT ON COLUMN consents.codes IS 'for which codes; for all when empty';

-- The consent that counts now, for people who look into the database. A patient without a row gave no consent.
CREATE VIEW current_consents AS
  SELECT DISTINCT ON (patient_id) * FROM consents ORDER BY patient_id, number DESC;
