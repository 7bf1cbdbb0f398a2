"""A gRPC client that is not ours: grpcio, with messages that protoc made from proto/. Called by grpc.ts: `grpc-client.py <generated folder> <host:port> <key>`."""
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])

import grpc  # noqa: E402
from google.rpc import error_details_pb2  # noqa: E402
from grpc_status import rpc_status  # noqa: E402
from logdrive.v1 import ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc, record_pb2  # noqa: E402

address, key = sys.argv[2], sys.argv[3]
metadata = [("authorization", f"Bearer {key}")]
done = 0


def check(what, holds, seen=None):
    global done
    if not holds:
        print(f"FAILED: {what}: {seen!r}")
        sys.exit(1)
    done += 1
    print(f"ok: {what}")


def refused(call):
    """The code, the reason and all details of a call that must fail."""
    try:
        call()
    except grpc.RpcError as error:
        details = {any.TypeName(): any for any in (rpc_status.from_call(error).details if rpc_status.from_call(error) else [])}
        info = error_details_pb2.ErrorInfo()
        if info.DESCRIPTOR.full_name in details:
            details[info.DESCRIPTOR.full_name].Unpack(info)
        return error.code(), info.reason, details
    return None, None, {}


with grpc.insecure_channel(address) as channel:
    ingest = ingest_pb2_grpc.IngestServiceStub(channel)
    query = query_pb2_grpc.QueryServiceStub(channel)

    record = record_pb2.LogRecord(level="error", service="grpcio", message="timed out")
    record.attributes.update({"latency_ms": 12.5, "user": {"name": "ada"}})
    record.timestamp.FromJsonString("2026-11-21T08:00:00.123456789Z")
    sent = ingest_pb2.IngestLogsRequest(records=[record], wait=ingest_pb2.WAIT_HOT)
    taken = ingest.IngestLogs(sent, metadata=metadata + [("idempotency-key", "grpcio-1")], timeout=30)
    check("records are taken in and waited for", taken.accepted == 1 and taken.waited and taken.receipt.startswith("r1."), taken)
    again = ingest.IngestLogs(sent, metadata=metadata + [("idempotency-key", "grpcio-1")], timeout=30)
    check("a repeat is answered with the first receipt", again.replayed and again.receipt == taken.receipt, again)

    asked = query_pb2.QueryLogsRequest(text='service:grpcio "timed out"')
    found = query.QueryLogs(asked, metadata=[("x-api-key", key)], timeout=30)
    check("a record comes back as it was, to the nanosecond", len(found.records) == 1 and found.records[0].timestamp.nanos == 123456789, found)
    check("attributes too", found.records[0].attributes["user.name"] == "ada", found.records[0])
    groups = query.QueryLogs(query_pb2.QueryLogsRequest(text="| count() as n by service"), metadata=metadata, timeout=30)
    check("groups are rows", {row["service"]: row["n"] for row in groups.rows}.get("grpcio") == 1, groups)
    zipped = ingest.IngestLogs(
        ingest_pb2.IngestLogsRequest(records=[record_pb2.LogRecord(message="m" * 100)] * 5_000),
        metadata=metadata, timeout=60, compression=grpc.Compression.Gzip)
    check("5,000 records in one gzipped message", zipped.accepted == 5_000, zipped)

    code, reason, details = refused(lambda: query.QueryLogs(query_pb2.QueryLogsRequest(text="level:error (x"), metadata=metadata))
    check("a bad query names its code, its reason and its details", (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_QUERY"), (code, reason))
    check("no key", refused(lambda: query.QueryLogs(asked))[:2] == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"))
    bad = record_pb2.LogRecord()
    bad.timestamp.seconds = -5
    code, reason, details = refused(lambda: ingest.IngestLogs(ingest_pb2.IngestLogsRequest(records=[bad]), metadata=metadata))
    fault = error_details_pb2.BadRequest()
    details["google.rpc.BadRequest"].Unpack(fault)
    check("a bad record names its place", fault.field_violations[0].field == "records[0].timestamp", fault)
    large = ingest_pb2.IngestLogsRequest(records=[record_pb2.LogRecord(message="m" * 1_000_000)] * 11)
    check("a message beyond the limit", refused(lambda: ingest.IngestLogs(large, metadata=metadata))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED)
    check("a method that is none", refused(lambda: channel.unary_unary("/logdrive.v1.QueryService/Nothing")(b"", metadata=metadata))[0] == grpc.StatusCode.UNIMPLEMENTED)
    late = refused(lambda: query.QueryLogs(asked, metadata=metadata, timeout=0.000001))
    check("a deadline", late[0] == grpc.StatusCode.DEADLINE_EXCEEDED, late)

    tail = query.TailLogs(query_pb2.TailLogsRequest(q="wanted latency_ms>5", service=["tailed"]), metadata=metadata)
    first = next(tail)
    check("a tail begins with where it is", first.cursor != "" and len(first.records) == 0, first)

    def send(*messages):
        records = [record_pb2.LogRecord(service="tailed", message=message) for message in messages]
        for one in records:
            one.attributes.update({"latency_ms": 9})
        ingest.IngestLogs(ingest_pb2.IngestLogsRequest(records=records), metadata=metadata)

    threading.Timer(0.1, send, ["wanted 1", "other", "wanted 2"]).start()
    seen, cursor = [], ""
    while len(seen) < 2:
        message = next(tail)
        seen += [one.message for one in message.records]
        cursor = message.cursor
    check("a tail shows what matches", seen == ["wanted 1", "wanted 2"], seen)
    tail.cancel()
    send("wanted 3")
    resumed = query.TailLogs(query_pb2.TailLogsRequest(q="wanted", cursor=cursor), metadata=metadata, timeout=60)
    shown = []
    while not shown:
        shown = [one.message for one in next(resumed).records]
    check("a tail resumes behind its cursor", shown == ["wanted 3"], shown)
    resumed.cancel()

    started = time.monotonic()
    calls = [query.QueryLogs.future(asked, metadata=metadata, timeout=60) for _ in range(200)]
    check("200 calls at once over one connection", all(len(call.result().records) == 1 for call in calls), time.monotonic() - started)

print(f"{done} checks of grpcio {grpc.__version__} passed")
