"""
The event log of a service, and how others follow it.

A service function changes rows and appends what happened in the same transaction (``log.append``). The relay
(``manage.py <deployable> relay``) gives committed entries their position and pushes them in batches through Celery.
A ``Consumer`` applies a batch in one transaction together with its cursor, so nothing is applied twice; what was
pushed in vain it pulls from the producer's log (``catch_up``), so nothing is lost.

    for an app
        schema.py      declares events; used by contracts, free of Django
        log.py         append and history, for services
        consumer.py    declares handlers, for an app's handlers.py
        admin.py       the log and parked events, for an app's admin
        announced.py   declares which models announce their changes; held by ficus.testing.fence
    for a project
        options.py     every setting and its default;  checks.py  says what is missing
        celery.py      makes the worker's application;  worker.py  is one, where the project has none
    for a consumer
        projection.py  a consumer whose rows can be dropped and replayed
        inbox.py       applies a batch: one transaction, one cursor;  handling.py  calls the handlers
        cursors.py     how far a consumer has come, in how many parts;  partitions.py  which part an event belongs to
        fresh.py       lets fresh events overtake a backlog
        parking.py     keeps what cannot be applied, and tries it again;  decisions.py  what people do about it
        refusals.py    refuses and counts what is no batch for anybody here
        feeds.py       where a log is read from;  catch_up.py  pulls from there
        transport.py   reads a queue, whatever lies in it
        tasks.py       takes what is pushed;  listener.py  refuses what is no message at all
        watchdog.py    ends a worker that takes nothing;  overtime.py  ends a handler that takes for ever
    for a producer
        sequencer.py   gives committed entries their position
        election.py    decides which relay is that process
        relay.py       pushes them, pace.py how often;  push.py  speaks to the broker;  poke.py  wakes the relay
        rpc.py         answers those who pull
    for the clock
        chores.py      what the relay process does besides;  clock.py  Celery's beat among it

How to use it in another project: docs/events.md. This module imports nothing, so that contracts can import the schema.
"""
