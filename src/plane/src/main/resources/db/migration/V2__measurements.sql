-- Readings, the series they belong to, and the batches that brought them.

CREATE TABLE series (
  number bigint GENERATED ALWAYS AS IDENTITY,
  patient text COLLATE "C" NOT NULL,
  device text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL,
  PRIMARY KEY (patient, device, code, unit)
);
CREATE INDEX series_device ON series (device);

-- Each month is a partition, made by measurements_partition() below. Columns of fixed width come first, so that no byte
-- is lost to alignment. There are no foreign keys: the plane registers patients and devices before it stores readings,
-- and a check for each reading would cost more than the reading.
CREATE TABLE measurements (
  measured_at timestamptz NOT NULL,
  uploaded_at timestamptz NOT NULL,
  value double precision NOT NULL,
  series bigint NOT NULL,
  patient text COLLATE "C" NOT NULL,
  device text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL
) PARTITION BY RANGE (measured_at);

CREATE INDEX measurements_device ON measurements (device, measured_at DESC);
CREATE INDEX measurements_patient ON measurements (patient, measured_at DESC);
-- One value for each series and microsecond. The index has the number of the series, not its four strings, which took
-- about three times as long to keep in order. The patient is in it so that no other index looks as good to a query of
-- one series, and because a unique index must hold the column that a table is distributed by. This index is made last:
-- among indexes that look alike, as they do while a month is empty, the planner takes the newest.
CREATE UNIQUE INDEX measurements_once ON measurements (series, patient, measured_at);
COMMENT ON COLUMN measurements.uploaded_at IS 'when the plane stored it';
COMMENT ON COLUMN measurements.series IS 'the number in series of this patient, device, code and unit';

-- Acknowledged batches, so that the plane answers a repeated batch as it did the first time.
CREATE TABLE batches (
  device text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  digest bigint NOT NULL,
  accepted integer NOT NULL,
  duplicates integer NOT NULL,
  rejections bytea NOT NULL,
  stored_at timestamptz NOT NULL,
  PRIMARY KEY (device, sequence)
);
COMMENT ON COLUMN batches.sequence IS 'unsigned: those from 2^63 on are shown negative';
COMMENT ON COLUMN batches.digest IS 'tells a batch that is sent again from another one under the same sequence';
COMMENT ON COLUMN batches.rejections IS
  'which readings were refused and why, in the plane''s own encoding; one zero byte is none';

-- Makes the partition of the month that holds a day, if there is none, and returns whether it made one. It builds the
-- table first and then attaches it, so that nobody who reads or writes other months waits. It runs with the rights of
-- the owner of the tables, so the plane's own user needs no right to make tables.
CREATE FUNCTION measurements_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET timezone = 'UTC' AS $$
DECLARE
  month timestamp := date_trunc('month', day::timestamp);
  name text := 'measurements_' || to_char(month, 'YYYY_MM');
BEGIN
  IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = 'measurements'::regclass AND c.relname = name) THEN
    RETURN false;
  END IF;
  -- Of all planes, one at a time makes it; the second one finds it. The second one has to look into the catalogue:
  -- PostgreSQL caches that a name does not exist, and an advisory lock does not clear that cache.
  PERFORM pg_advisory_xact_lock(hashtextextended('pulseplane.measurements', 0));
  IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = 'measurements'::regclass AND c.relname = name) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE measurements INCLUDING DEFAULTS INCLUDING COMMENTS)', name);
  EXECUTE format('ALTER TABLE measurements ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                 name, month::timestamptz, (month + interval '1 month')::timestamptz);
  RETURN true;
END $$;

-- Detaches every month that ended at a time or before it, oldest first, and returns the name of each detached table:
-- measurements_2025_11 becomes retired_measurements_2025_11, which the operator can copy and drop later. A reading of
-- such a month that comes afterwards starts the month anew. If that partition is retired too, its table gets a number.
CREATE FUNCTION measurements_retire(ended_by timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT SET timezone = 'UTC' AS $$
DECLARE
  partition text;
  retired text;
  number integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('pulseplane.measurements', 0));
  FOR partition IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'measurements'::regclass AND c.relname ~ '^measurements_\d{4}_\d{2}$'
      AND to_date(right(c.relname, 7), 'YYYY_MM')::timestamptz + interval '1 month' <= ended_by
    ORDER BY c.relname
  LOOP
    EXECUTE format('ALTER TABLE measurements DETACH PARTITION %I', partition);
    retired := 'retired_' || partition;
    number := 2;
    WHILE to_regclass(quote_ident(retired)) IS NOT NULL LOOP
      retired := 'retired_' || partition || '_' || number;
      number := number + 1;
    END LOOP;
    EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, retired);
    RETURN NEXT retired;
  END LOOP;
END $$;
