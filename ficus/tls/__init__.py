"""
TLS between the parts of a system: who a process is, whom it believes, and certificates that are renewed while it runs.

    identity = Identity(ca="ca.pem", certificate="orders.pem", key="orders.key")   # settings.TLS; None: without TLS
    following.server(identity)    whom a server lets in: those whom ``ca`` vouches for, and nobody without a certificate
    following.client(identity)    by which a client asks; the other side has to show the name of its service

Both read the files again when they change, take them together or not at all, and stay with the last good ones. Chain
and name are always looked at. Who is refused is told by a line here, and by an alert (RFC 8446, section 6) there.
"""
