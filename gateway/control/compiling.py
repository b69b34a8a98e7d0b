"""Makes the data path's routes of a document, and names every mistake on the way."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from msgspec.structs import replace

from gateway.control.destinations import destinations
from gateway.control.entries import RouteEntry, ServiceEntry
from gateway.control.validation import InvalidTable, mistakes_in
from gateway.data.policies import KINDS
from gateway.data.policies.terms import read
from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.route import Access, Route
from gateway.data.routing.table import Table
from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import literal
from gateway.data.upstream.terms import UNSOUGHT, ServiceTerms
from gateway.data.upstream.tls import Tls

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")
SECTIONS = ("services", "routes")


@dataclass
class Compiled:
    """
    What a document means.

    :ivar mistakes: all there are; the table is not to be used unless there are none.
    """

    services: dict[str, ServiceEntry] = field(default_factory=dict)
    routes: dict[str, RouteEntry] = field(default_factory=dict)
    active: list[Route] = field(default_factory=list)
    addresses: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    terms: dict[str, ServiceTerms] = field(default_factory=dict)
    sought: dict[str, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def table(self, version: int) -> Table:
        """:raises InvalidTable: if there are mistakes."""
        if self.mistakes:
            raise InvalidTable(self.mistakes)
        return Table(self.active, version, self.addresses, self.terms, self.sought)


def compile_document(document: Any) -> Compiled:
    """Return what the document means, with every mistake in it."""
    done = Compiled()
    if not isinstance(document, Mapping) or not all(_is_section(document.get(each)) for each in SECTIONS):
        done.mistakes.append("a table has two mappings by name: services and routes")
        return done
    done.mistakes += [f"{name} is no part of a table" for name in document if name not in SECTIONS]
    for name, entry in (document.get("services") or {}).items():
        _take_service(done, str(name), entry)
    for name, entry in (document.get("routes") or {}).items():
        _take_route(done, str(name), entry)
    done.addresses = _addresses(done)
    for name, document in settings.UPSTREAM_TLS.items():
        _take_own_tls(done, name, document)
    done.mistakes += [f"{name}: {mistake}" for name in done.terms for mistake in _tls_mistakes(done, name)]
    done.sought = _sought(done)
    for name in done.sought:
        done.addresses.setdefault(name, ())
    usable = {name for name in done.sought if done.terms[name].discover}
    usable |= {name for name, addresses in done.addresses.items() if any(each.weight for each in addresses)}
    nobody = {route.service for route in done.active} - set(done.services)  # said already
    done.mistakes += mistakes_in(done.active, usable | nobody)
    return done


def _is_section(part: Any) -> bool:
    return part is None or isinstance(part, Mapping)


def route_of(name: str, entry: RouteEntry) -> tuple[Route, list[str]]:
    """Return the entry as the data path has it, and what is wrong with its policies."""
    policies, mistakes = {}, []
    for kind, document in entry.policies.items():
        if kind not in KINDS:
            mistakes.append(f"{kind} is no policy; there are: {', '.join(KINDS)}")
            continue
        terms, wrong = read(KINDS[kind], document)
        mistakes += [f"{kind}: {mistake}" for mistake in wrong]
        if terms is not None:
            policies[kind] = terms
    route = Route(
        name=name,
        service=entry.service,
        path=entry.path.encode() if entry.path != "/" else b"",
        is_prefix=entry.match != "exact",
        methods=frozenset(method.encode() for method in entry.methods),
        access=Access(entry.access),
        timeout_seconds=entry.timeout_ms / 1000,
        waits=entry.waits,
        body_limit=entry.body_limit,
        pattern=entry.pattern,
        hosts=tuple(host.lower().encode() for host in entry.hosts),
        conditions=(
            *(Condition(Source.HEADER, field.lower(), wanted) for field, wanted in entry.headers.items()),
            *(Condition(Source.QUERY, parameter, wanted) for parameter, wanted in entry.query.items()),
        ),
        priority=entry.priority,
        policies=policies,
    )
    return route, mistakes


def _take_service(done: Compiled, name: str, document: Any) -> None:
    entry, mistakes = read(ServiceEntry, document or {})
    if not SLUG.fullmatch(name) or len(name) > 50:
        mistakes = [*mistakes, "a name has at most 50 letters, digits, hyphens and underscores"]
    if entry is not None:
        done.services[name] = entry
        mistakes += _instance_mistakes(entry)
        done.terms[name], wrong = read(ServiceTerms, entry.terms)
        mistakes += [f"terms: {mistake}" for mistake in wrong]
    done.mistakes += [f"{name}: {mistake}" for mistake in mistakes]


def _take_route(done: Compiled, name: str, document: Any) -> None:
    entry, mistakes = read(RouteEntry, document)
    if not SLUG.fullmatch(name):
        mistakes = [*mistakes, "a name has at most 100 letters, digits, hyphens and underscores"]
    if entry is not None:
        done.routes[name] = entry
        if entry.service not in done.services:
            mistakes.append(f"{entry.service} is no service")
        if (entry.match == "pattern") != bool(entry.pattern):
            mistakes.append("a pattern belongs to match: pattern, and to no other")
        route, wrong = route_of(name, entry)
        mistakes += wrong
        if entry.active:
            done.active.append(route)
    done.mistakes += [f"{name}: {mistake}" for mistake in mistakes]


def _instance_mistakes(entry: ServiceEntry) -> list[str]:
    allowed = destinations()
    found = []
    addresses = [Address(each.address, each.weight) for each in entry.instances]
    for address in addresses:
        fault = address.fault()
        if not fault and literal(address.host):
            fault = allowed.fault(address.host, address.port, address.host)
        if fault:
            found.append(fault)
    if len({address.url for address in addresses}) < len(addresses):
        found.append("an address is there twice")
    if addresses and not any(address.weight for address in addresses):
        found.append("all instances have the weight 0")
    return found


def _take_own_tls(done: Compiled, name: str, document: Mapping[str, str]) -> None:
    """Have a service of ours asked as settings say, if it is asked by TLS and the table does not say how."""
    terms = done.terms.get(name)
    if terms is not None and terms.tls is None and all(each.is_secure for each in done.addresses.get(name, ())):
        done.terms[name] = replace(terms, tls=Tls(**document))


def _tls_mistakes(done: Compiled, name: str) -> Iterator[str]:
    """Yield what is wrong with how the service is asked by TLS. Files are each worker's own, and not looked at here."""
    tls = done.terms[name].tls
    secure = [address.is_secure for address in done.addresses.get(name, ())]
    if any(secure) and not all(secure):
        yield "its addresses have to be all http, or all https"
    if tls is not None:
        yield from (f"tls: {mistake}" for mistake in tls.mistakes())
        if not all(secure):
            yield "tls: its addresses have to be https"


def _sought(done: Compiled) -> dict[str, str]:
    """Return under which names services are looked for in the registry, where there is one."""
    if not settings.DISCOVERY["URL"]:
        return {}
    own = {name: "" if entry.instances else name for name, entry in done.services.items()}
    sought = {name: done.terms[name].discover or own[name] for name in done.services}
    return {name: wanted for name, wanted in sought.items() if wanted not in ("", UNSOUGHT)}


def _addresses(done: Compiled) -> dict[str, tuple[Address, ...]]:
    """Return where each service is: as the table says, or else as the environment does."""
    found = {name: tuple(map(Address, urls)) for name, urls in settings.UPSTREAMS.items()}
    for name, entry in done.services.items():
        if entry.instances:
            found[name] = tuple(Address(each.address, each.weight) for each in entry.instances)
    return found
