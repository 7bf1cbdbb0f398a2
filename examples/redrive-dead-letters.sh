#!/usr/bin/env bash
# Dead letters are records that were accepted and could not be stored. Shows why, counts, and sends them the whole way again: what passes
# today's rules takes its old place.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"
dlq() { "$root/bin/logdrive.ts" dlq "$@"; }

causes=$(dlq list --json | node -p 'JSON.parse(fs.readFileSync(0)).groups.map(({ cause }) => cause).join("\n")')
if [ -z "$causes" ]; then
  echo 'no dead letters'
  exit 0
fi
while IFS= read -r cause; do
  echo "$cause"
  dlq redrive --cause "$cause" --dry-run
  dlq redrive --cause "$cause"
done <<< "$causes"
