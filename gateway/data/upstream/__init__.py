"""The services as the data path sees them: named upstreams, their instances, and kept connections to each."""
