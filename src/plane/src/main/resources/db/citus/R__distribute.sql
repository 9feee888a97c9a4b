-- For Citus, when one PostgreSQL is no longer enough. It distributes readings and their series over the workers by
-- patient, so that those of one patient are on one worker. The other tables are small and stay on the coordinator.
-- Every statement of the plane on these two tables names the patient, so nothing else changes. It is applied by:
-- pulseplane migrate --citus

CREATE EXTENSION IF NOT EXISTS citus;

SELECT create_distributed_table('series', 'patient')
  WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'series'::regclass);
SELECT create_distributed_table('measurements', 'patient', colocate_with => 'series')
  WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'measurements'::regclass);
