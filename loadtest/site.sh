#!/usr/bin/env bash
# Measures durable ingest through gRPC into PostgreSQL, and then COPY of the same rows into tables with the same indexes
# and with fewer. See README.md beside this file.
#
# It needs the packaged plane (mvn -q -DskipTests -pl src/plane -am package), psql, and an empty database.
# Environment:
#   PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE   the database, as for psql
#   READINGS, DEVICES                                how many readings are sent, by how many devices
#   JAVA_OPTS                                        more options of the plane
set -euo pipefail
cd "$(dirname "$0")/.."

export PGHOST="${PGHOST:-localhost}" PGPORT="${PGPORT:-5432}" PGUSER="${PGUSER:-pulseplane}"
export PGPASSWORD="${PGPASSWORD:-pulseplane}" PGDATABASE="${PGDATABASE:-pulseplane}"
readings="${READINGS:-2000000}"
devices="${DEVICES:-8}"
jar=src/plane/target/quarkus-app/quarkus-run.jar
work="$(mktemp -d)"
postgres=("-Dpulseplane.postgres.hosts=$PGHOST:$PGPORT" "-Dpulseplane.postgres.database=$PGDATABASE"
  "-Dpulseplane.postgres.user=$PGUSER" "-Dpulseplane.postgres.password=$PGPASSWORD")

java "${postgres[@]}" -jar "$jar" migrate
java ${JAVA_OPTS:-} "${postgres[@]}" -Dpulseplane.store=postgres \
  "-Dpulseplane.site.key=$(head -c 32 /dev/urandom | base64)" \
  -Dquarkus.grpc.server.port=9300 -Dquarkus.http.port=9380 -jar "$jar" serve --data-dir "$work/data" >"$work/log" 2>&1 &
plane=$!
trap 'kill "$plane" 2>/dev/null || true; rm -rf "$work"' EXIT
until grep -qs "started in" "$work/log"; do
  kill -0 "$plane" || { cat "$work/log"; exit 1; }
  sleep 0.2
done

# The processor time of one process, and of all processes with one name, in clock ticks.
ticks_of() { awk '{ sub(/.*\) /, ""); sum += $12 + $13 } END { print sum + 0 }' "/proc/$1/stat"; }
ticks_of_all() {
  local pid sum=0
  for pid in $(pgrep -x "$1"); do sum=$((sum + $(ticks_of "$pid" 2>/dev/null || echo 0))); done
  echo "$sum"
}

simulate() {
  java -jar "$jar" simulate --target localhost:9300 --data-dir "$work/data" \
    --devices "$devices" --readings "$readings" \
    --rate max --start "$1" | tail -1
}
echo "warm-up: $(simulate 2026-01-01T00:00:00Z)"
before=("$(ticks_of "$plane")" "$(ticks_of_all postgres)")
echo "through gRPC: $(TIMEFORMAT='%U %S'; { time simulate 2026-02-01T00:00:00Z; } 2>"$work/client")"
tick=$((1000000 / $(getconf CLK_TCK)))
read -r user system < <(tail -1 "$work/client")
plane_ticks=$(($(ticks_of "$plane") - ${before[0]}))
echo "processor time of a reading: plane $(awk "BEGIN { print $plane_ticks * $tick / $readings }") us," \
  "PostgreSQL $(awk "BEGIN { print ($(ticks_of_all postgres) - ${before[1]}) * $tick / $readings }") us," \
  "client $(awk "BEGIN { print ($user + $system) * 1e6 / $readings }") us"

psql -q <<SQL
\copy (SELECT * FROM measurements WHERE measured_at >= '2026-02-01' ORDER BY measured_at) TO '$work/rows.csv' CSV
CREATE TABLE twin (LIKE measurements);
CREATE INDEX ON twin (device, measured_at DESC);
CREATE INDEX ON twin (patient, measured_at DESC);
CREATE UNIQUE INDEX ON twin (series, patient, measured_at);
CREATE TABLE slim (LIKE measurements);
CREATE INDEX ON slim (device, measured_at DESC);
CREATE INDEX ON slim (patient, measured_at DESC);
CREATE UNIQUE INDEX ON slim (series, measured_at);
CREATE TABLE bare (LIKE measurements);
SQL
rows=$(wc -l <"$work/rows.csv")
for table in twin slim bare; do
  begin=$(date +%s%N)
  psql -q -c "\copy $table FROM '$work/rows.csv' CSV"
  nanos=$(($(date +%s%N) - begin))
  echo "COPY into $table: $((rows * 1000000000 / nanos)) rows/s"
done
psql -q -c "DROP TABLE twin, slim, bare"
