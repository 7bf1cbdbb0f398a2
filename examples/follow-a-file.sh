#!/usr/bin/env bash
# Ships a log file as it grows, until Ctrl-C: also when it is rotated or cut short. The state file says how far the server has it, so that a
# restart repeats nothing and leaves nothing out.
set -euo pipefail
file=${1:?usage: follow-a-file.sh FILE [STATE]}
state=${2:-$file.places.json}
root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"
exec "$root/bin/logdrive.ts" send --follow "$file" --state "$state" --service "$(basename "$file" .log)"
