"""What is on the wire, and what of it may go further. Nothing here knows a socket, a route or a service."""
