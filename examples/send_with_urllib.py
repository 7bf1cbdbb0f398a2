"""Sends two records, waits until they can be searched, and finds one of them. Needs nothing but Python 3."""

import json
import os
import urllib.parse
import urllib.request

URL = os.environ.get("LOGDRIVE_URL", "http://127.0.0.1:4318")
KEY = os.environ.get("LOGDRIVE_KEY")


def call(path: str, body: object = None) -> dict:
    headers = {"content-type": "application/json", **({"x-api-key": KEY} if KEY else {})}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers)) as answer:
        return json.load(answer)


sent = call(
    "/logs?wait=hot&timeout=10s",
    [
        {"level": "info", "service": "python-example", "message": "job started", "job": 7},
        {"level": "error", "service": "python-example", "message": "job failed: out of tea", "job": 7},
    ],
)
print(f"{sent['accepted']} accepted, searchable: {sent['waited']}")

query = urllib.parse.urlencode({"service": "python-example", "level": "error", "search": "tea", "limit": 1})
for record in call(f"/api/logs?{query}")["items"]:
    print(record["level"], record["message"], record["attributes"])
