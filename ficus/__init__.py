"""
The library under a Django service: events, sagas, gRPC, tokens, health, telemetry, settings.

No business word lives here, and nothing here imports an app, a contract or a deployable.
"""
