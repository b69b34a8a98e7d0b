"""Who serves a request, and on what terms: an immutable table, swapped as a whole."""
