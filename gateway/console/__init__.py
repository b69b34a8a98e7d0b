"""
What people see of the gateway: the front page, the docs, sign-in and sign-out, the admin, and ``/me``.

``models``      the browsers that are signed in
``services``    every write to them; ``queries`` every read
``signing_in``  a browser's session over time: signing in, refreshing its token, signing out
``composing``   answers put together from several services
``views``       the pages
"""
