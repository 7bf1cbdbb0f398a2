#!/usr/bin/env bash
# Dead letters are records that were accepted and could not be stored. Shows why, tries what would pass now, and sends that.
set -euo pipefail
url=${LOGDRIVE_URL:-http://127.0.0.1:4318}
call() { curl -sS -f ${LOGDRIVE_KEY:+-H "x-api-key: $LOGDRIVE_KEY"} -H 'content-type: application/json' "$@"; }
field() { python3 -c 'import json,sys; a=json.load(sys.stdin); [print(g["cause"]) for g in a["groups"]]'; }

causes=$(call "$url/api/dlq" | field)
if [ -z "$causes" ]; then
  echo 'no dead letters'
  exit 0
fi
while IFS= read -r cause; do
  request() { CAUSE=$cause python3 -c 'import json,os,sys; print(json.dumps({"cause": os.environ["CAUSE"], "dry_run": sys.argv[1] == "dry"}))' "$1"; }
  echo "$cause"
  echo "  would pass: $(call "$url/api/dlq/redrive" -d "$(request dry)")"
  echo "  sent again: $(call "$url/api/dlq/redrive" -d "$(request real)")"
done <<< "$causes"
