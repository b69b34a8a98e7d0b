"""What the users service announces and answers."""
