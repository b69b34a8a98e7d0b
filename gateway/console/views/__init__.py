"""The gateway's own pages and answers."""
