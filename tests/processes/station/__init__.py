"""A project of ``ficus.events`` alone: it announces that bells rang, and records what its consumer is told of them."""
