"""Who runs: one folder for each deployable, and what they share. Behaviour lives in ``apps`` and ``gateway``."""
