import time
from collections import Counter
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from apps.orders import services
from apps.orders.audit.across import check_across
from apps.orders.audit.rows import check_rows
from apps.orders.management.commands.seed import Command
from apps.orders.models import Order, OrderLine, Product
from apps.orders.seeding import batches, run
from apps.orders.seeding.catalogue import PRODUCTS
from apps.orders.seeding.plan import plan_order
from apps.orders.seeding.run import seed_catalogue
from ficus.events.announced import unannounced
from ficus.events.models import LogEntry
from ficus.sagas.models import SagaInstance

pytestmark = pytest.mark.django_db
SKUS = [sku for sku, _, _ in PRODUCTS]
CUSTOMERS = [UUID(int=number) for number in range(1, 11)]


@pytest.fixture(autouse=True)
def _reads_no_other_log(settings):
    settings.EVENTS = {**settings.EVENTS, "FEEDS": {}}


@pytest.fixture
def customers(users):
    """Ten customers with 500.00 each, known to both sides."""
    for number, customer_id in enumerate(CUSTOMERS):
        services.remember_customer(customer_id=customer_id, username=f"customer-{number}", version=1)
        users.available[customer_id] = 50_000
    return users


def seed(orders, seed=1):
    call_command(Command(), orders=orders, seed=seed)


def everything():
    rows = Order.objects.order_by("pk").values_list("pk", "customer_id", "status", "reason", "total", "placed_at")
    lines = OrderLine.objects.order_by("order_id", "position").values_list("order_id", "sku", "quantity", "unit_price")
    return list(rows), list(lines)


class TestCatalogue:
    def test_has_forty_products_from_five_to_four_hundred_euro(self):
        assert seed_catalogue() == 40
        assert seed_catalogue() == 0

        prices = Product.objects.order_by("unit_price").values_list("unit_price", flat=True)
        assert (len(prices), prices[0], prices[39]) == (40, 500, 40000)
        assert set(Product.objects.values_list("currency", flat=True)) == {"EUR"}

    def test_leaves_what_staff_has_changed_as_it_is(self):
        seed_catalogue()
        services.withdraw_product(sku="mug-blue")

        seed_catalogue()

        assert Product.objects.get(pk="mug-blue").is_active is False


class TestPlan:
    def test_is_the_same_for_the_same_seed_and_number(self):
        plans = [plan_order(7, 42, customers=CUSTOMERS, skus=SKUS) for _ in range(2)]

        assert plans[0] == plans[1]

    def test_keeps_its_id_when_there_are_more_customers(self):
        few = plan_order(7, 42, customers=CUSTOMERS[:3], skus=SKUS)
        many = plan_order(7, 42, customers=CUSTOMERS, skus=SKUS)

        assert (few.id, few.placed_at) == (many.id, many.placed_at)

    def test_differs_from_seed_to_seed_and_number_to_number(self):
        plans = [plan_order(seed, number, customers=CUSTOMERS, skus=SKUS) for seed in (1, 2) for number in range(50)]

        assert len({plan.id for plan in plans}) == 100


class TestSeedOrders:
    def test_makes_orders_with_every_outcome_that_pass_every_audit(self, customers):
        seed(100)

        statuses = Counter(Order.objects.values_list("status", flat=True))
        assert sum(statuses.values()) == 100
        assert set(statuses) == {"CONFIRMED", "FULFILLED", "CANCELLED", "REJECTED"}
        assert list(check_rows()) == []
        assert SagaInstance.objects.filter(ended_at=None).count() == 0

    def test_reserves_credit_for_all_of_a_batch_in_one_call(self, customers):
        seed(100)

        assert customers.asked == ["ReserveCredits"] * 2  # once for nothing, to see that users answers
        assert len(customers.holds) == 100

    def test_dates_history_as_the_orders_are_dated(self, customers):
        seed(20)

        for order in Order.objects.all():
            dates = LogEntry.objects.filter(aggregate_id=order.pk).order_by("aggregate_version")
            instants = [entry.recorded_at for entry in dates]
            assert instants[0] == order.placed_at
            assert instants == sorted(instants)

    def test_does_nothing_the_second_time(self, customers):
        seed(60)
        before = everything(), LogEntry.objects.count()

        seed(60)

        assert (everything(), LogEntry.objects.count()) == before
        assert len(customers.holds) == 60

    def test_adds_what_is_missing_to_a_smaller_run(self, customers):
        seed(30)
        few = everything()[0]

        seed(60)

        assert Order.objects.count() == 60
        assert set(few) <= set(everything()[0])

    def test_makes_the_same_orders_for_the_same_seed(self, customers):
        seed(40, seed=5)
        first = everything()
        with unannounced("everything is forgotten, the log too"):
            Order.objects.all().delete()
        LogEntry.objects.all().delete()
        SagaInstance.objects.all().delete()
        customers.forget()
        for customer_id in CUSTOMERS:
            customers.available[customer_id] = 50_000

        seed(40, seed=5)

        assert everything() == first

    def test_finishes_what_a_killed_run_has_left_pending(self, customers):
        seed_catalogue()
        plans = [plan_order(1, number, customers=CUSTOMERS, skus=SKUS) for number in range(10)]
        batches.place_missing(plans, Product.objects.in_bulk(), currency="EUR")

        seed(10)

        assert Order.objects.filter(status="PENDING").count() == 0
        assert list(check_rows()) == []

    def test_leaves_an_order_as_the_ordinary_flow_has_decided_it_meanwhile(self, customers):
        seed_catalogue()
        plans = [plan_order(1, number, customers=CUSTOMERS, skus=SKUS) for number in range(10)]
        batches.place_missing(plans, Product.objects.in_bulk(), currency="EUR")
        services.cancel_order(order_id=plans[0].id, reason="changed my mind")

        batches.settle(plans, {})

        assert Order.objects.filter(pk=plans[0].id).values_list("status", "version").get() == ("CANCELLED", 2)

    def test_spares_the_demo_people(self, customers):
        services.remember_customer(customer_id=UUID(int=99), username="ada", version=1)

        seed(50)

        assert Order.objects.filter(customer_id=UUID(int=99)).count() == 0

    def test_holds_what_the_orders_say_once_their_events_have_arrived(self, customers):
        seed(50)
        for order in Order.objects.filter(status__in=["FULFILLED", "CANCELLED"]):
            status = "captured" if order.status == "FULFILLED" else "released"
            customers.hold(order.pk, order.customer_id, order.total, status)

        assert check_across(patience_seconds=0) == []


class TestCustomers:
    def test_are_waited_for_while_their_events_have_no_position_yet(self, users, monkeypatch):
        def arrive(seconds):
            services.remember_customer(customer_id=CUSTOMERS[0], username="grace", version=1)

        monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=time.monotonic, sleep=arrive))

        seed(3)

        assert set(Order.objects.values_list("customer_id", flat=True)) == {CUSTOMERS[0]}
        assert Order.objects.count() == 3


class TestCannotSeed:
    def test_says_in_one_line_that_there_are_no_customers(self, users, monkeypatch):
        monkeypatch.setattr(run, "ANNOUNCED_WITHIN_SECONDS", 0)

        with pytest.raises(CommandError, match=r"^orders cannot be seeded: no customers are known") as failure:
            seed(10)

        assert (failure.value.returncode, Order.objects.count()) == (2, 0)

    def test_says_in_one_line_that_users_does_not_answer(self):
        services.remember_customer(customer_id=CUSTOMERS[0], username="grace", version=1)

        with pytest.raises(CommandError, match=r"^orders cannot be seeded: users does not answer") as failure:
            seed(10)

        assert failure.value.returncode == 2
        assert "\n" not in str(failure.value)

    def test_seeds_the_catalogue_alone_when_no_orders_are_asked_for(self, users):
        seed(0)

        assert (Product.objects.count(), Order.objects.count(), users.asked) == (40, 0, [])
