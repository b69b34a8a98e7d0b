"""Between the rows of the table and the document that stands for all of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.control.entries import Document, InstanceEntry, RouteEntry, ServiceEntry, written
from gateway.control.models import Route, Service


def current() -> Document:
    """Return the table as it is in the database."""
    services = Service.objects.order_by("name")
    routes = Route.objects.select_related("service").order_by("name")
    return {
        "services": {service.name: of_service(service) for service in services},
        "routes": {route.name: of_route(route) for route in routes},
    }


def of_service(row: Service) -> dict[str, Any]:
    instances = [InstanceEntry(each["address"], each.get("weight", 1)) for each in row.instances]
    return written(ServiceEntry(description=row.description, instances=instances, terms=row.terms))


def of_route(row: Route) -> dict[str, Any]:
    return written(
        RouteEntry(
            service=row.service.name,
            path=row.path,
            match=row.match,  # type: ignore[arg-type]  # a choice of the same names
            pattern=row.pattern,
            hosts=row.hosts,
            methods=row.methods.upper().split(),
            headers=row.headers,
            query=row.query,
            priority=row.priority,
            access=row.access,  # type: ignore[arg-type]  # likewise
            timeout_ms=row.timeout_ms,
            waits=row.waits,
            body_limit=row.body_limit,
            active=row.is_active,
            policies=row.policies,
            note=row.note,
        )
    )


def normal(services: Mapping[str, ServiceEntry], routes: Mapping[str, RouteEntry]) -> Document:
    """Return the document of entries that were read, in its one form."""
    return {
        "services": {name: written(services[name]) for name in sorted(services)},
        "routes": {name: written(routes[name]) for name in sorted(routes)},
    }


def place(entry: Service | Route) -> tuple[str, str]:
    """Return under which section and name an entry stands."""
    return ("services" if isinstance(entry, Service) else "routes"), entry.name


def without(table: Document, entries: Iterable[Service | Route]) -> Document:
    """Return the document less some entries."""
    gone = {place(entry) for entry in entries}
    return {
        section: {name: entry for name, entry in named.items() if (section, name) not in gone}
        for section, named in table.items()
    }


def write(services: Mapping[str, ServiceEntry], routes: Mapping[str, RouteEntry]) -> None:
    """Make the rows say what the entries do; to be called in the transaction of a change."""
    Route.objects.exclude(name__in=routes).delete()
    for name, service in services.items():
        instances = [{"address": each.address, "weight": each.weight} for each in service.instances]
        Service.objects.update_or_create(
            name=name, defaults={"description": service.description, "instances": instances, "terms": service.terms}
        )
    ids = dict(Service.objects.values_list("name", "pk"))
    for name, route in routes.items():
        Route.objects.update_or_create(name=name, defaults=_columns(route, ids))
    Service.objects.exclude(name__in=services).delete()


def _columns(entry: RouteEntry, service_ids: Mapping[str, int]) -> dict[str, Any]:
    return {
        "service_id": service_ids[entry.service],
        "path": entry.path,
        "match": entry.match,
        "pattern": entry.pattern,
        "hosts": entry.hosts,
        "methods": " ".join(entry.methods),
        "headers": entry.headers,
        "query": entry.query,
        "priority": entry.priority,
        "access": entry.access,
        "timeout_ms": entry.timeout_ms,
        "waits": entry.waits,
        "body_limit": entry.body_limit,
        "is_active": entry.active,
        "policies": entry.policies,
        "note": entry.note,
    }
