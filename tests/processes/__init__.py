"""What only real processes show: a small project whose relays and workers are killed, stopped and made deaf."""
