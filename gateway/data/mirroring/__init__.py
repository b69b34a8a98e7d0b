"""
Requests sent a second time, to another service, and the two answers compared. The client never notices.

``comparison``  in what two answers differ
``copying``     keeps what a mirror needs of a request while it is answered
``mirrors``     sends the copies, bounded in number, and counts what came of them
"""
