-- The planes of the site. Each writes its own row every second, and notices by it when the database lacks what the
-- plane wrote: an older backup was put in its place, or a standby took over that lacks the last commits.

CREATE TABLE planes (
  plane text COLLATE "C" PRIMARY KEY,
  run bigint NOT NULL,
  beat bigint NOT NULL
);
COMMENT ON COLUMN planes.run IS 'a random number of this start of the plane';
COMMENT ON COLUMN planes.beat IS 'how often this run has written its row';
