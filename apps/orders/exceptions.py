"""
What can go wrong with orders, in business words. What a failure looks like on a wire is not decided here.

DomainError
├── Invalid
│   ├── EmptyOrder           no lines
│   ├── TooManyLines         more lines than one order takes
│   ├── DoubledProduct       one product on two lines
│   ├── QuantityOutOfRange   fewer or more pieces than one line takes
│   ├── UnknownProduct       not in the catalogue, or not sold at present
│   ├── ForeignCurrency      a product is priced in another currency than the order
│   ├── TotalTooLarge        more than an order may amount to
│   ├── InvalidPrice         not a price that a product may have
│   └── CustomerRequired     the caller is no person and names no customer
├── Forbidden
│   ├── OrderingForAnother   only staff orders for somebody else
│   └── FulfillingForbidden  only operators fulfil
├── NotFound
│   ├── OrderNotFound
│   ├── ProductNotFound
│   └── CustomerNotFound
├── Conflict
│   └── IllegalMove          the order is in a state that does not allow it
└── Refused
    ├── CreditExceeded       users said in time that the credit does not suffice
    └── CustomerUnknown      users said in time that there is no such customer
"""

from ficus.errors import Conflict, Forbidden, Invalid, NotFound, Refused


class InvalidLines(Invalid):
    """The lines of an order are not acceptable; the problem names them under ``errors``."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, errors={"lines": [detail or self.title]})


class EmptyOrder(InvalidLines):
    code, title = "empty_order", "The order has no lines"


class TooManyLines(InvalidLines):
    code, title = "too_many_lines", "The order has too many lines"


class DoubledProduct(InvalidLines):
    code, title = "doubled_product", "A product is on two lines"


class QuantityOutOfRange(InvalidLines):
    code, title = "quantity_out_of_range", "A quantity is out of range"


class UnknownProduct(InvalidLines):
    code, title = "unknown_product", "A product is not sold here"


class ForeignCurrency(InvalidLines):
    code, title = "foreign_currency", "A product is priced in another currency"


class TotalTooLarge(InvalidLines):
    code, title = "total_too_large", "The order's total is too large"


class InvalidPrice(Invalid):
    code, title = "invalid_price", "Not a price that a product may have"


class CustomerRequired(Invalid):
    code, title = "customer_required", "The order names no customer"


class OrderingForAnother(Forbidden):
    code, title = "ordering_for_another", "Only staff may order for another customer"


class FulfillingForbidden(Forbidden):
    code, title = "fulfilling_forbidden", "Only operators may fulfil an order"


class OrderNotFound(NotFound):
    code, title = "order_not_found", "There is no such order"


class ProductNotFound(NotFound):
    code, title = "product_not_found", "There is no such product"


class CustomerNotFound(NotFound):
    code, title = "customer_not_found", "There is no such customer"


class IllegalMove(Conflict):
    code, title = "illegal_move", "The order's present status does not allow this"


class CreditExceeded(Refused):
    code, title = "credit_exceeded", "The order is over the customer's credit"


class CustomerUnknown(Refused):
    code, title = "customer_unknown", "There is no such customer"
