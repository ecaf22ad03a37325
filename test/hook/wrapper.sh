#!/bin/sh
# Writes to the effects log that a program begins, then becomes the program. The log's line says which processes of the
# same program for the same job or step are alive already: there must be none.
# wrapper.sh LOG STEP HELD PROGRAM ARGUMENT...
log=$1 step=$2 held=$3
shift 3
name=
for word in "$@"; do
  case $word in
    runuser | -u | --) ;;
    */pg_* | */postgres | */psql | */node | pg_* | pgbackrest | psql) name=${word##*/}; break ;;
    *) [ -n "$name" ] || name=${word##*/} ;;
  esac
done
# pg_ctl asks, starts and stops; to ask while it starts is no second start.
case $name in pg_ctl) for word; do last=$word; done; name=pg_ctl-$last ;; esac
# The second start of a job must not run beside the first: their names differ in the last number.
job=$step
case $step in *.[0-9].[0-9]) job=${step%.*} ;; esac
began="$log.d/$(printf %s "$job" | tr / .).$name"
beside=
for other in "$began".*; do
  [ -e "$other" ] || continue
  pid=${other##*.}
  # A zombie does nothing any more.
  [ "$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null)" != Z ] || continue
  if [ -d "/proc/$pid" ] && [ "$(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" = "$(cat "$other")" ]; then
    beside="$beside${beside:+,}$pid"
  fi
done
mkdir -p "$log.d"
cut -d' ' -f22 /proc/$$/stat >"$began.$$"
what=$(printf '%s ' "$@" | tr '\n\t' '  ' | sed 's/[\\"]/'"'"'/g' | cut -c1-200)
line=$(printf '{"at":%s,"moment":"program","pid":%s,"step":"%s","attempt":0,"what":"%s","beside":[%s]}' \
  "$(date +%s%3N)" $$ "$step" "$what" "$beside")
printf '%s\n' "$line" >>"$log"
if [ -n "$held" ] && mkdir "$held.claim" 2>/dev/null; then
  printf '%s' "$line" >"$held.new" && mv "$held.new" "$held"
  while [ -e "$held" ]; do sleep 0.02; done
fi
exec "$@"
