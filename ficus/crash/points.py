"""Every crash point: its name, and what has happened when a process dies there. docs/crash-points.md shows this."""

POINTS = {
    # A change and its events, in whichever process makes it.
    "append.before_insert": "the rows are changed, the event is not written",
    "append.after_insert": "the event is written; sagas and other observers have not seen it",
    "append.before_commit": "rows, event and what follows from it are written, not committed",
    "append.after_commit": "all is committed; the relay has not been poked",
    # A request with an Idempotency-Key, and its answer.
    "idempotency.after_claim": "the key is taken, no work is done",
    "idempotency.before_keep": "the work is done, its answer is not kept",
    "idempotency.before_commit": "work and answer are written, not committed",
    "idempotency.after_commit": "both are committed, the client has heard nothing",
    "http.before_answer": "a POST is done, its answer is made and not sent",
    # A call between services.
    "rpc.before_work": "the call has arrived, nothing is done",
    "rpc.before_answer": "the work is done, the caller has heard nothing",
    "log_feed.between_batches": "a follower has got one batch of the log and waits for the next",
    # The front door.
    "gateway.before_forward": "the request is accepted, the service has got nothing of it",
    "gateway.before_answer": "the service has done its work and answers, the client has got nothing",
    "gateway.after_answer": "the whole answer is on its way to the client, which may get it or not",
    # The relay.
    "relay.after_lock": "this relay leads, and has done nothing yet",
    "relay.poked": "a poke has come, the relay has not looked",
    "relay.before_sequencing": "entries are committed, without positions",
    "relay.after_sequencing": "positions are committed, nothing is pushed",
    "relay.before_push": "a batch is read, the broker has not got it",
    "relay.after_push": "the broker has the batch, the relay has not noted that",
    # The worker.
    "worker.received": "a batch is taken off the queue, nothing is done",
    "worker.before_pull": "a gap is seen, what is missing has not been pulled",
    "worker.done": "everything in the batch is applied, the task has not ended",
    "worker.after_refusal": "a message that is no batch is counted, the task has not ended",
    # A consumer, whether it got its events pushed or pulled.
    "inbox.before_lock": "the transaction is open, the cursor is not locked",
    "inbox.after_lock": "the cursor is locked, no handler has run",
    "inbox.before_move": "the handlers have run, the cursor has not moved",
    "inbox.before_commit": "the cursor has moved, nothing is committed",
    "inbox.after_commit": "changes and cursor are committed, nobody has been told",
    "inbox.between_transactions": "one transaction of a batch is committed, the next has not begun",
    "inbox.before_one_by_one": "a batch has failed and is rolled back, it is not applied one by one yet",
    # Events that cannot be applied.
    "parking.after_savepoint": "a handler has failed and is rolled back to its savepoint, the event is not parked",
    "parking.before_commit": "the event is parked, not committed",
    "parking.before_retry": "the cursor is locked, a parked event is not tried again yet",
    "parking.after_retry": "a parked event was tried again, not committed",
    "decisions.before_commit": "a person's decision is written down, nothing has followed from it",
    "decisions.after_commit": "decision and consequence are committed, the person has heard nothing",
    # Catching up.
    "catch_up.before_read": "the position is known, nothing is pulled",
    "catch_up.between_batches": "one batch is applied, the producer is still sending",
    "catch_up.after_read": "everything is pulled, nobody has been told",
    # Fresh events that overtake a backlog.
    "lane.before_commit": "fresh events are applied out of turn, not committed",
    "lane.after_commit": "fresh events are applied out of turn, the cursor is still far behind them",
    # Projections.
    "projection.before_commit": "the rows are deleted and the cursor is back at the beginning, not committed",
    "projection.after_drop": "the projection is empty, its replay has not begun",
    "projection.between_batches": "some of the log is replayed",
    # Sagas.
    "saga.after_begin": "the story is written with its first event, not committed",
    "saga.before_save": "what follows from an answer is done, the story does not say so",
    "saga.before_commit": "the story is carried on, not committed",
    "saga.after_end_from_outside": "another's event has ended the story, not committed",
    "saga.after_undo": "a step is taken back, the story does not say so",
    # Deadlines.
    "timers.before_sweep": "the clock has struck, nothing is looked at",
    "timers.before_expire": "this process alone ends stories; one that is late is locked, not ended",
    "timers.before_commit": "a late story is ended, not committed",
    "timers.after_commit": "one late story is ended, the next has not begun",
    # Orders made anew from their events.
    "rebuild.before_keep": "a batch of orders is looked at, the run does not know",
    "rebuild.between_batches": "the run knows how far it is, the next batch has not begun",
    # Entries moved to archives and back.
    "archive.before_rename": "a file is written under another name",
    "archive.before_row": "the file is whole, no row says so",
    "archive.while_listing": "a row says where the file is, not all of its aggregates are listed",
    "archive.before_delete": "file and lists are whole, all its entries are still in the table too",
    "archive.between_deletions": "some of its entries have left the table",
    "restore.between_blocks": "some of its entries are in the table again",
    "restore.before_forgetting": "all of them are, and the archive is still there",
    "restore.before_unlink": "the archive is no more, its file is",
}
