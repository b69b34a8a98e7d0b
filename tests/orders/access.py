"""Who may do what with orders: see ``tests.access``, which says who the columns are."""

from tests.access import OPEN, Ask

# anonymous, customer, other customer, support, operator, admin, service
TABLE = {
    **OPEN,
    "GET /orders": "401 200 200 200 200 200 200",
    "POST /orders": "401 201 201 201 201 201 400",
    "GET /orders/<uuid:order_id>": "401 200 404 200 200 200 404",
    "POST /orders/<uuid:order_id>/cancel": "401 200 404 200 200 200 404",
    "POST /orders/<uuid:order_id>/fulfil": "401 403 404 403 409 409 404",
    "GET /orders/<uuid:order_id>/history": "401 200 404 200 200 200 404",
    "GET /orders/openapi.json": "200 200 200 200 200 200 200",
    "GET /orders/summary": "401 200 200 200 200 200 404",
    "GET /products": "200 200 200 200 200 200 200",
    "GET /products/<slug:sku>": "200 200 200 200 200 200 200",
}

# Who finds the customer's own in a list that everybody may ask for.
FOUND_BY = {
    "GET /orders": "customer support operator admin",
}

ASKS = {
    "POST /orders": Ask({"lines": [{"sku": "mug", "quantity": 1}]}, headers={"HTTP_IDEMPOTENCY_KEY": "key-1"}),
}
