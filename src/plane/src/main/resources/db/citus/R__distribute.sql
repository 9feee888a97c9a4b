-- For Citus, when one PostgreSQL is outgrown: readings and their series are spread over the workers by patient, side by
-- side; the rest is small and stays on the coordinator. Every statement of the plane on these tables names the patient,
-- so nothing else changes. Applied by: pulseplane migrate --citus

CREATE EXTENSION IF NOT EXISTS citus;

SELECT create_distributed_table('series', 'patient')
  WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'series'::regclass);
SELECT create_distributed_table('measurements', 'patient', colocate_with => 'series')
  WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'measurements'::regclass);
