"""
The project that every contender runs: a shop whose sales are taken from stock, and orders for which users reserve.

    settings.py      one contender in one role; all from the environment, which the bench sets
    models.py  actions.py   the business: the same rows and transactions for all
    celery_app.py  celery_tasks.py   how it is announced by Celery's tasks, plain or through an outbox
    events.py  handlers.py  sagas.py   how it is announced by ficus
    produce.py       does business when told to, at a given rate;  stamps.py  when what was committed
    prefill.py       fills ficus' log with events of the past
"""
