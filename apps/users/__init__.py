"""Who the customers are, how they sign in, and how much credit they have. Nothing here knows what they buy."""
