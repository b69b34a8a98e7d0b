"""
Answers made smaller on their way to clients that can unpack them.

``codings``      those we can make, each a stream of bounded memory
``negotiation``  which of them a client prefers (RFC 9110, section 12.5.3)
``compression``  one answer's: whether it is worth it, its head, and its body piece by piece
"""
