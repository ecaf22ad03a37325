#!/bin/sh
# Makes a server in $PGDATA when there is none, and runs it. Its settings are the names of Docker's PostgreSQL image.
set -e
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown postgres: "$PGDATA" "$(dirname "$PGDATA")"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Made beside and moved: a pod that is killed here leaves no half of a server.
  new="$PGDATA.new"
  rm -rf "$new"
  printf '%s\n' "${POSTGRES_PASSWORD:-}" > /tmp/password
  [ -n "$POSTGRES_PASSWORD" ] && method=scram-sha-256 || method=trust
  initdb --pgdata="$new" --no-sync --encoding=UTF8 --auth-local=trust --auth-host="$method" \
    ${POSTGRES_PASSWORD:+--pwfile=/tmp/password} > /dev/null
  rm /tmp/password
  echo "host all all all $method" >> "$new/pg_hba.conf"
  [ -z "$POSTGRES_DB" ] || echo "CREATE DATABASE \"$POSTGRES_DB\";" | postgres --single -D "$new" postgres > /dev/null
  rmdir "$PGDATA" 2> /dev/null || true
  mv -T "$new" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
