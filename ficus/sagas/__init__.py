"""
Stories that cross services: declared, persisted, with deadlines and compensation.

    saga.py         the declaration, and how a story begins and ends;  declaration.py  its steps and functions
    hearing.py      how stories go on by answers, many at once;  moves.py  what that is made of
    registry.py     declarations by version: a story ends by the one it began with
    models.py       one row per story: where it stands, what it waits for and until when, what happened
    timeline.py     how what happened is written
    timers.py       ends stories whose time is up; run by the relay process
    decisions.py    what people do: retry and abort;  admin.py  where they do it
    clock.py        the present instant, which a scenario of ``ficus.testing.sagas`` can stop

This module imports nothing.
"""
