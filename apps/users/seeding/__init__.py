"""
Fills the users service with customers that are as real as those who registered: rows, ledger and events alike.

The plan follows from the seed and the number alone, so a second run finds everybody there and does nothing.
"""
