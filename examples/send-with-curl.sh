#!/usr/bin/env bash
# Sends records in every form that POST /logs takes. Prints one answer a line.
set -euo pipefail
url=${LOGDRIVE_URL:-http://127.0.0.1:4318}

post() {
  curl -sS "$url/logs?service=curl-example" ${LOGDRIVE_KEY:+-H "x-api-key: $LOGDRIVE_KEY"} "$@"
  echo
}

# One object. Fields that have no name of their own become attributes.
post -H 'content-type: application/json' -d '{"level":"warn","message":"disk is nearly full","free_gb":3.5}'

# An array.
post -H 'content-type: application/json' -d '[{"message":"first"},{"message":"second"}]'

# NDJSON, an object a line. The second time is none: 207 names that line, the others are taken.
post -H 'content-type: application/x-ndjson' --data-binary @- <<'LINES'
{"timestamp":"2026-11-21T08:00:00Z","message":"good"}
{"timestamp":"yesterday","message":"not a time"}
LINES

# CSV with a header row.
post -H 'content-type: text/csv' --data-binary @- <<'ROWS'
timestamp,path,userAgent
2026-11-21T08:00:01Z,/index.html,curl/8
ROWS

# Text, a message a line; compressed.
printf 'plain line one\nplain line two\n' | gzip | post -H 'content-type: text/plain' -H 'content-encoding: gzip' --data-binary @-
