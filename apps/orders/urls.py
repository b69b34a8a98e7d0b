"""The paths of the orders service."""

from django.urls import path

from apps.orders import views
from apps.orders.admin import site
from ficus.http.openapi import document
from ficus.http.routes import endpoint

urlpatterns = [
    endpoint("products", views.ProductList.as_view(), name="products"),
    endpoint("products/<slug:sku>", views.ProductDetail.as_view(), name="product"),
    endpoint("orders", views.OrderList.as_view(), name="orders"),
    endpoint("orders/summary", views.OrderSummary.as_view(), name="order-summary"),
    endpoint("orders/<uuid:order_id>", views.OrderDetail.as_view(), name="order"),
    endpoint("orders/<uuid:order_id>/history", views.OrderHistory.as_view(), name="order-history"),
    endpoint("orders/<uuid:order_id>/cancel", views.CancelOrder.as_view(), name="cancel-order"),
    endpoint("orders/<uuid:order_id>/fulfil", views.FulfilOrder.as_view(), name="fulfil-order"),
    endpoint("orders/openapi.json", document("apps.orders.urls"), name="orders-openapi"),
    path("orders/admin/", site.urls),
]
