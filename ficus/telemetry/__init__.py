"""
What a running process tells about itself: traces (``tracing``), log lines (``logs``) and metrics (``metrics``).

Traces are exported when ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; without it nothing of OpenTelemetry is even imported. A
collector that is slow or gone costs spans, never requests. ``/metrics`` is there for whom ``settings.METRICS`` names.
"""
