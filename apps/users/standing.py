"""What ``/metrics`` says about credit: whether accounts and ledger agree as wholes. ``audit`` finds whose do not."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

# One statement, so that it sees one state: an order taken between two would look like a difference.
_DIFFERENCES = """
    SELECT accounts.granted - ledger.granted, accounts.held - ledger.held, accounts.captured - ledger.captured
    FROM (
        SELECT coalesce(sum(granted), 0) AS granted, coalesce(sum(held), 0) AS held,
            coalesce(sum(captured), 0) AS captured
        FROM users_creditaccount
    ) AS accounts, (
        SELECT coalesce(sum(amount) FILTER (WHERE kind = 'granted'), 0) AS granted,
            coalesce(sum(amount) FILTER (WHERE kind = 'held'), 0)
                - coalesce(sum(amount) FILTER (WHERE kind IN ('released', 'captured')), 0) AS held,
            coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0) AS captured
        FROM users_creditentry
    ) AS ledger
"""


def measure() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "ficus_credit_ledger_imbalance", "Minor units by which accounts and ledger differ; always 0", imbalance()
    )


def imbalance() -> int:
    """Return by how many minor units, of all currencies, the sums of the accounts differ from those of the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return sum(abs(int(difference)) for difference in cursor.fetchone())
