"""What of orders may change while it runs: docs/configuration.md."""

from ficus.configuration.kinds import Number
from ficus.configuration.settings import Setting, flag

SETTINGS = [
    Setting(
        "orders.deadline_seconds",
        Number(1, 86_400, whole=True),
        120,
        "seconds that an order placed from now on may stay pending",
        "ORDER_DEADLINE_SECONDS",
    ),
    flag(
        "ask_credit_first", 100, "customers whose credit is asked for before an order is placed, to refuse it at once"
    ),
]
