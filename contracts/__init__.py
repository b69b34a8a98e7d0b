"""What services promise one another: events and gRPC calls. Plain Python; no Django, not even indirectly."""
