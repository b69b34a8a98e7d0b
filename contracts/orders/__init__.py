"""What the orders service announces and answers."""
