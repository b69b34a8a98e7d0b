"""Orders over HTTP: read what was asked, make one domain call, answer. Rules live in services and models."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.orders import exceptions, figures, queries, serializers, services
from apps.orders.models import Order, Product, order_id
from ficus.auth.permissions import ScopeByMethod
from ficus.auth.principal import Caller
from ficus.auth.rest import caller_of
from ficus.http import filters, idempotency, preferences
from ficus.http.openapi import LOCATION, PREFER_WAIT, PREFERENCE_APPLIED, idempotency_key

SIGNED_IN: list[type[BasePermission]] = [IsAuthenticated, ScopeByMethod("orders")]
MOVED = {
    200: serializers.OrderDetail,
    409: OpenApiResponse(description="`illegal_move`; `present_status` says where the order stands."),
}
SKU = OpenApiParameter("sku", {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, OpenApiParameter.PATH)
LONGEST_KEPT = len("false")  # of the words in a query that keeps to what a page may have
EPOCH = datetime.fromtimestamp(0, UTC)


class ProductFilter(django_filters.FilterSet):  # type: ignore[misc] # published without types
    is_active = filters.YesNo(help_text="Whether they can be ordered at present.")


@extend_schema_view(get=extend_schema(operation_id="list_products", auth=[]))
class ProductList(ListAPIView[Product]):
    """The catalogue, by sku."""

    permission_classes = [AllowAny]
    serializer_class = serializers.ProductDetail
    filterset_class = ProductFilter
    ordering = ("sku",)

    def get_queryset(self) -> QuerySet[Product]:
        return queries.list_products()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with what is kept, where so few pages can be asked for that keeping them is cheap."""
        make = partial(super().list, request, *args, **kwargs)
        key = _few_pages(request)
        if key is None:
            return make()
        return Response(queries.catalogue.get(key, lambda: make().data))


def _few_pages(request: Request) -> str | None:
    """Return what tells one first page of the catalogue from another; None for what is not kept."""
    asked = request.query_params
    plain = asked.keys() <= {"is_active", "limit"} and all(len(value) <= LONGEST_KEPT for value in asked.values())
    if not plain or request.accepted_renderer.format != "json":
        return None
    # The address, since the page says where the next one is.
    return f"{request.build_absolute_uri(request.path)} {sorted(asked.items())}"


class ProductDetail(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="product", auth=[], parameters=[SKU], responses=serializers.ProductDetail)
    def get(self, request: Request, sku: str) -> Response:
        """Show one product."""
        product = queries.get_product(sku)
        return Response(serializers.ProductDetail(product).data)


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc] # likewise
    status = django_filters.ChoiceFilter(choices=Order.Status.choices)
    customer_id = filters.Identifier(help_text="Whose orders.")
    placed_after = filters.Instant(method="since", help_text="From this instant on.")
    placed_before = filters.Instant(method="until", help_text="Before this instant.")

    # An order's id begins with the instant of its placement, so the primary key serves as the index for it.
    def since(self, orders: QuerySet[Order], name: str, instant: datetime) -> QuerySet[Order]:
        return orders.filter(pk__gte=order_id(max(instant, EPOCH), 0))

    def until(self, orders: QuerySet[Order], name: str, instant: datetime) -> QuerySet[Order]:
        return orders.filter(pk__lt=order_id(max(instant, EPOCH), 0))


@extend_schema_view(get=extend_schema(operation_id="list_orders"))
class OrderList(ListAPIView[Order]):
    """One's own orders, newest first; everybody's for support and above."""

    permission_classes = SIGNED_IN
    filterset_class = OrderFilter

    def get_serializer_class(self) -> Any:
        return serializers.PlaceOrder if self.request.method == "POST" else serializers.OrderDetail

    def get_queryset(self) -> QuerySet[Order]:
        return queries.list_visible_orders(caller_of(self.request))

    @extend_schema(
        operation_id="place_order",
        request=serializers.PlaceOrder,
        responses={
            201: serializers.PlacedOrder,
            409: OpenApiResponse(description="The same request is still running."),
            422: OpenApiResponse(description="`credit_exceeded`, `customer_unknown` or `idempotency_key_reused`."),
        },
        parameters=[*idempotency_key(required=True, replayed=(201, 422)), PREFER_WAIT, PREFERENCE_APPLIED, LOCATION],
    )
    def post(self, request: Request) -> Response:
        """Place an order; with ``Prefer: wait=N`` the answer waits for the outcome."""
        wanted = serializers.read(serializers.PlaceOrder, request.data)
        customer_id = customer_to_order_for(caller_of(request), wanted.get("customer_id"))
        lines = [queries.Line(**line) for line in wanted["lines"]]
        currency = settings.ORDER_CURRENCY
        degraded: list[str] = []

        def check() -> None:
            if not services.check_credit(customer_id=customer_id, lines=lines, currency=currency):
                degraded.append("users")

        def place() -> Response:
            order = services.place_order(
                customer_id=customer_id, lines=lines, currency=currency, placed_at=timezone.now()
            )
            response = answer(request, order.pk, status=201, headers={"Location": f"/orders/{order.pk}"})
            response.data["degraded"] = degraded
            return response

        response = idempotency.perform(request, "orders.place_order", place, before=check, required=True)
        return with_outcome(request, response)


def customer_to_order_for(caller: Caller, customer_id: UUID | None) -> UUID:
    """
    Return for whom the caller orders: himself, or whom he names.

    :raises OrderingForAnother: if a customer names somebody else.
    :raises CustomerRequired: if a program names nobody.
    """
    chosen = customer_id or caller.id
    if chosen is None:
        raise exceptions.CustomerRequired
    if not caller.is_or_has_role(chosen, "support"):
        raise exceptions.OrderingForAnother
    return chosen


def answer(request: Request, order_id: UUID, **response: Any) -> Response:
    order = queries.get_order(order_id, viewer=caller_of(request))
    return Response(serializers.OrderDetail(order).data, **response)


def with_outcome(request: Request, response: Response) -> Response:
    """Return the response to a placed order as it is when it is decided, if the client would wait for that."""
    wait = preferences.wait_seconds(request)
    if wait is None or response.status_code != 201:
        return response
    placed = UUID(response.data["id"])
    queries.wait_for_outcome(placed, seconds=wait)
    response.data = {**response.data, **answer(request, placed).data}
    preferences.mark_applied(response, wait=wait)
    return response


class OrderDetail(APIView):
    permission_classes = SIGNED_IN

    @extend_schema(operation_id="order", responses=serializers.OrderDetail)
    def get(self, request: Request, order_id: UUID) -> Response:
        """Show an order to its customer, or to support and above."""
        return answer(request, order_id)


class OrderHistory(APIView):
    """Everything that happened to an order, first to last."""

    permission_classes = SIGNED_IN

    @extend_schema(operation_id="order_history", responses=serializers.OrderHistory)
    def get(self, request: Request, order_id: UUID) -> Response:
        order = queries.get_order(order_id, viewer=caller_of(request))
        events = serializers.OrderEvent(queries.list_history(order.pk), many=True)
        return Response({"next": None, "previous": None, "results": events.data})


class CancelOrder(APIView):
    permission_classes = SIGNED_IN
    serializer_class = serializers.CancelOrder

    @extend_schema(operation_id="cancel_order", responses=MOVED)
    def post(self, request: Request, order_id: UUID) -> Response:
        """Cancel an order that is pending or confirmed; what is held for it is released."""
        wanted = serializers.read(serializers.CancelOrder, request.data)
        order = queries.get_order(order_id, viewer=caller_of(request))
        services.cancel_order(order_id=order.pk, reason=wanted["reason"])
        return answer(request, order.pk)


class FulfilOrder(APIView):
    permission_classes = SIGNED_IN

    @extend_schema(operation_id="fulfil_order", request=None, responses=MOVED)
    def post(self, request: Request, order_id: UUID) -> Response:
        """Mark a confirmed order as delivered; what is held for it is captured. Operators only."""
        order = queries.get_order(order_id, viewer=caller_of(request))
        if not caller_of(request).has_role("operator"):
            raise exceptions.FulfillingForbidden
        services.fulfil_order(order_id=order.pk)
        return answer(request, order.pk)


class OrderSummary(APIView):
    """How many orders, and their sum, by status; what has been answered before is in it."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="order_summary",
        responses={
            200: serializers.OrderSummary,
            404: OpenApiResponse(description="No such customer, or not one that you may know of."),
        },
        parameters=[serializers.SummaryOf],
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        customer_id = serializers.read(serializers.SummaryOf, request.query_params.dict()).get("customer_id", caller.id)
        if customer_id is None or not caller.is_or_has_role(customer_id, "support"):
            raise exceptions.CustomerNotFound
        currency = settings.ORDER_CURRENCY
        by_status = figures.get_summary(customer_id=customer_id, currency=currency)
        summary = {"customer_id": customer_id, "currency": currency, "by_status": by_status}
        return Response(serializers.OrderSummary(summary).data)
