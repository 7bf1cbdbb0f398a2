"""Sends logs, spans and metrics with OpenTelemetry's SDK for Python to the address given; prints the trace's id."""
import logging
import sys

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

url, count = sys.argv[1], int(sys.argv[2])
resource = Resource.create({"service.name": "python-shop", "service.version": "2.0"})

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces", compression=Compression.Gzip)))
tracer = tracers.get_tracer("verify")

logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{url}/v1/logs")))
logger = logging.getLogger("verify")
logger.setLevel(logging.INFO)
logger.addHandler(LoggingHandler(level=logging.INFO, logger_provider=logs))

with tracer.start_as_current_span("POST /orders", attributes={"http.route": "/orders"}) as root:
    with tracer.start_as_current_span("SELECT") as child:
        child.add_event("retry", {"attempt": 2})
        child.set_status(Status(StatusCode.ERROR, "deadlock"))
        for i in range(count):
            logger.warning("order %d declined", i, extra={"seq": i, "half": i / 2, "ok": i % 2 == 0})
    trace_id = format(root.get_span_context().trace_id, "032x")

meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{url}/v1/metrics"))])
meter = meters.get_meter("verify")
meter.create_counter("py_orders").add(7, {"region": "eu"})
seconds = meter.create_histogram("py_seconds", unit="s")
for value in (0.5, 3.0, 12.0):
    seconds.record(value)

for provider in (logs, tracers, meters):
    if not provider.force_flush():
        sys.exit("not everything could be sent")
    provider.shutdown()
print(trace_id)
