"""Counts the rows and the distinct positions in all Parquet files of a folder, by a reader that is not ours.

    python3 -m venv /tmp/verify && /tmp/verify/bin/pip install pyarrow
    /tmp/verify/bin/python scripts/verify/count-parquet.py DIR

Prints one line of JSON: {"files": 3, "rows": 100000, "positions": 100000, "tenants": {"default": 100000}}.
Exits with 1 where a position stands twice. Files are read as they lie: while files are being compacted, rows may stand in two of them.
"""

import json
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

POSITION = ["generation", "partition", "offset"]


def main(folder: str) -> int:
    files = sorted(Path(folder).rglob("*.parquet"))
    rows = 0
    positions: set[tuple[int, int, int]] = set()
    tenants: dict[str, int] = {}
    for path in files:
        file = pq.ParquetFile(path)
        file.read()  # every column of every page must decode
        table = file.read(columns=[*POSITION, "tenant"])
        rows += table.num_rows
        columns = [table.column(name).to_pylist() for name in POSITION]
        positions.update(zip(*columns))
        for count in pc.value_counts(table.column("tenant")).to_pylist():
            tenants[count["values"]] = tenants.get(count["values"], 0) + count["counts"]
    print(json.dumps({"files": len(files), "rows": rows, "positions": len(positions), "tenants": tenants}))
    return 0 if rows == len(positions) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: count-parquet.py DIR")
    sys.exit(main(sys.argv[1]))
