#!/usr/bin/env bash
# The work of a drill as a careful shell script would do it: the same programs with the same arguments, the same SQL, the
# same readings of the dump. No engine: it does not survive anything, asks nobody and keeps no record.
# Usage: drill.sh DATABASE SCRATCH DIRECTORY SQL; libpq's environment variables say where. DIRECTORY is for the dump.
# SQL is a directory of what Firedrill asks: tables.sql, sums/*.sql, catalog.sql, amcheck.sql; and the programs' command
# lines, one argument a line: pg_dump.args, pg_restore.args.
set -euo pipefail
database=$1 scratch=$2 directory=$3 sql=$4
mkdir -p "$directory"
run=$RANDOM$RANDOM
export PSQLRC=/dev/null PGOPTIONS="$SETTINGS"
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 --no-password "$@"; }

# Checksums of all tables by two readers, then everything else that a fingerprint holds. $2: the snapshot, if there is one
fingerprint() {
  local place=$1 begin="begin isolation level repeatable read read only;" out=$3
  [ -z "$2" ] || begin+=" set transaction snapshot '$2';"
  export place begin
  export -f ask
  ask -d "$place" -c "$begin" -f "$sql/catalog.sql" >"$out.catalog"
  ls "$sql/sums" | xargs -P 2 -I {} bash -c 'ask -d "$place" -c "$begin" -f "$0"' "$sql/sums/{}" | sort >"$out.sums"
}

# Preflight, sentinel, heartbeat
ask -d postgres -c "select system_identifier from pg_control_system()" >"$directory/server"
ask -d "$database" -c "create schema firedrill" -c "create table firedrill.sentinel (run text primary key, nonce text not null)" \
  -c "create table firedrill.heartbeat (run text, n bigint, at timestamptz not null default clock_timestamp(), primary key (run, n))" \
  -c "insert into firedrill.sentinel values ('$run', '$run')"
(
  n=0
  while sleep 1; do echo "insert into firedrill.heartbeat (run, n) values ('$run', $((n += 1)));"; done | ask -d "$database" 2>/dev/null
) &
heartbeat=$!
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

# Backup: dump and fingerprint of one snapshot, checksums of its files, on the disk
coproc HOLDER { ask -d "$database"; }
echo "begin isolation level repeatable read read only; select pg_export_snapshot();" >&"${HOLDER[1]}"
read -r snapshot <&"${HOLDER[0]}"
mapfile -t dump <"$sql/pg_dump.args"
PGDATABASE=$database PGOPTIONS="" "${dump[@]}" --snapshot="$snapshot" &
dumping=$!
fingerprint "$database" "$snapshot" "$directory/before"
wait "$dumping"
echo "commit;" >&"${HOLDER[1]}"
(cd "$directory" && find . -type f ! -name SHA256SUMS -print0 | xargs -0 sha256sum >SHA256SUMS)
find "$directory" -type f -print0 | xargs -0 sync

# Proof: every byte is read back
check() { (cd "$directory" && sha256sum --quiet -c SHA256SUMS); }
check
pg_restore --list "$directory/data" >/dev/null
pg_restore --exit-on-error --file=/dev/null "$directory/data"

# Destroy, and look that it is gone
check
kill "$heartbeat" 2>/dev/null || true
ask -d postgres -c "drop database $database with (force)"
if ask -d "$database" -c "select 1" 2>/dev/null; then exit 1; fi

# Restore
check
ask -d postgres -c "drop database if exists $scratch with (force)" -c "create database $scratch template template0"
mapfile -t restore <"$sql/pg_restore.args"
PGOPTIONS="$RESTORE_SETTINGS" "${restore[@]}" 2>"$directory/restore.log"

# Verify, put into place
fingerprint "$scratch" "" "$directory/after"
cmp "$directory/before.sums" "$directory/after.sums"
ask -d "$scratch" -f "$sql/amcheck.sql" >/dev/null
test "$(ask -d "$scratch" -c "select nonce from firedrill.sentinel where run = '$run'")" = "$run"
ask -d postgres -c "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '$scratch'" \
  -c "alter database $scratch rename to $database"
ask -d "$database" -c "drop schema firedrill cascade"
rm -rf "$directory"
