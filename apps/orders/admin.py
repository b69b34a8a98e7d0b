"""Orders and products as staff see them: to look at, with actions that call services."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.orders import exceptions, queries, services
from apps.orders.models import Customer, Order, OrderLine, Product
from ficus import instants
from ficus.auth.groups import admin as groups_admin
from ficus.auth.readonly import ReadOnlyAdmin, ReadOnlyInline
from ficus.auth.staff import StaffAdminSite
from ficus.configuration import admin as configuration_admin
from ficus.events import admin as events_admin
from ficus.sagas import admin as sagas_admin

site = StaffAdminSite(name="orders_admin")
configuration_admin.register(site)
events_admin.register(site)
groups_admin.register(site)
sagas_admin.register(site)


class Why(ActionForm):
    reason = forms.CharField(max_length=200, required=False, label="Reason, to cancel:")


class Price(ActionForm):
    unit_price = forms.IntegerField(required=False, label="Price, in minor units:")


class Lines(ReadOnlyInline):
    model = OrderLine
    fields = readonly_fields = ("position", "sku", "name", "quantity", "unit_price", "total")
    ordering = ("position",)


@admin.register(Order, site=site)
class Orders(ReadOnlyAdmin):
    """Staff may cancel, operators may fulfil, as over HTTP. An order's page takes ``?as_of=`` an earlier moment."""

    list_display = ("id", "status", "customer", "total", "currency", "placed_at", "reason")
    list_filter = ("status", "placed_at")
    ordering = ("-id",)
    search_fields = ("id",)
    search_help_text = "An order's id, a customer's id, or the beginning of a customer's name"
    fields = readonly_fields = (
        "id",
        "shown",
        "status",
        "reason",
        "customer",
        "customer_id",
        "total",
        "currency",
        "placed_at",
        "version",
        "story",
        "history",
    )
    inlines = (Lines,)
    actions = ("cancel", "fulfil")
    action_form = Why

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return queries.list_orders()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        return queries.search_orders(queryset, search_term), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Order | None:
        order = super().get_object(request, object_id, from_field)
        if order is not None and (asked := request.GET.get("as_of")):
            try:
                _turn_back(order, instants.read(asked))
            except (ValueError, exceptions.OrderNotFound) as error:
                self.message_user(request, f"{error}. This is the order as it is now.", messages.ERROR)
        return order

    @admin.display
    def shown(self, order: Order) -> str:
        as_of = getattr(order, "as_of", None)
        if as_of is None:
            return "as it is now; a moment in its history shows it as it was then"
        return format_html('as it was at {} &middot; <a href="?">as it is now</a>', as_of.isoformat())

    @admin.display(ordering="customer_username")
    def customer(self, order: Any) -> str:
        return order.customer_username or str(order.customer_id)

    @admin.display
    def story(self, order: Order) -> SafeString:
        return sagas_admin.link_to(self.admin_site, order.pk)

    @admin.display
    def history(self, order: Order) -> SafeString:
        rows = (
            (
                entry.aggregate_version,
                entry.type,
                urlencode({"as_of": entry.recorded_at.isoformat()}),
                entry.recorded_at,
                entry.metadata["actor"],
                json.dumps(entry.payload),
            )
            for entry in queries.list_history(order.pk)
            if entry.aggregate_version <= order.version
        )
        cells = format_html_join(
            "",
            '<tr><td>{}</td><td>{}</td><td><a href="?{}">{}</a></td><td>{}</td><td><code>{}</code></td></tr>',
            rows,
        )
        return format_html("<table>{}</table>", cells)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_fulfil_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.fulfil_order")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Order]) -> None:
        reason = request.POST.get("reason", "").strip() or "cancelled_by_staff"
        self.each(request, rows, lambda row: services.cancel_order(order_id=row.pk, reason=reason), "cancelled")

    @admin.action(description="Fulfil", permissions=["fulfil"])
    def fulfil(self, request: HttpRequest, rows: QuerySet[Order]) -> None:
        self.each(request, rows, lambda row: services.fulfil_order(order_id=row.pk), "fulfilled")


def _turn_back(order: Any, at: datetime) -> None:
    """
    Give an order that is only to be shown the fields that it had at that instant.

    :raises OrderNotFound: if it had not been placed.
    """
    state = queries.find_order_as_of(order.pk, at)
    if state is None:
        raise exceptions.OrderNotFound(f"It had not been placed at {at.isoformat()}")
    order.status, order.reason, order.version, order.as_of = state.status, state.reason, state.version, at


@admin.register(Product, site=site)
class Products(ReadOnlyAdmin):
    """Operators say what is sold at present, and for how much."""

    list_display = ("sku", "name", "unit_price", "currency", "is_active")
    list_filter = ("is_active",)
    ordering = ("sku",)
    search_fields = ("sku", "name")
    actions = ("offer", "withdraw", "change_price")
    action_form = Price

    def has_offer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.offer_product")

    @admin.action(description="Offer", permissions=["offer"])
    def offer(self, request: HttpRequest, rows: QuerySet[Product]) -> None:
        self.each(request, rows, lambda row: services.offer_product(sku=row.pk), "offered")

    @admin.action(description="Withdraw", permissions=["offer"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Product]) -> None:
        self.each(request, rows, lambda row: services.withdraw_product(sku=row.pk), "withdrawn")

    @admin.action(description="Change the price", permissions=["offer"])
    def change_price(self, request: HttpRequest, rows: QuerySet[Product]) -> None:
        said = request.POST.get("unit_price", "").strip()
        price = int(said) if said.isascii() and said.isdigit() else 0
        self.each(request, rows, lambda row: services.change_price(sku=row.pk, unit_price=price), "changed")


@admin.register(Customer, site=site)
class Customers(ReadOnlyAdmin):
    """The names that have reached us; users owns them."""

    list_display = ("username", "id", "version")
    ordering = ("username",)
    search_fields = ("username",)
