"""
Answers that are kept for a while in Django's cache, and forgotten at once by an event. Never what a decision rests on.

    catalogue = Kept("orders.catalogue", seconds=30)

    page = catalogue.get(key, lambda: read_and_render())     # made once for all who ask at the same time
    log.observe(ProductChanged, lambda _: transaction.on_commit(catalogue.forget, robust=True))

Without a cache, or while it is away, everything is made as if nothing had ever been kept. What is kept is JSON.
"""
