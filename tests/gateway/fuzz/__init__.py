"""Requests changed at random: `make fuzz` sends them to a running gateway, the suite a few thousand of them."""
