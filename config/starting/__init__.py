"""
Starts a service: ``./manage.py startservice payments`` writes what ``templates`` has and names it in the list.

``names`` says how things are called and refuses what would be in the way; ``writing`` writes all of it or nothing.
"""
