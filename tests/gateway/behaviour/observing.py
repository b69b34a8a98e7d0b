"""Puts a case to a running engine and says in which way it was not kept."""

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress

from tests.gateway.behaviour.case import TOKEN, Case, Onward, Said, Script, Until, matches
from tests.gateway.behaviour.services import NotSeen, Services
from tests.gateway.wire.client import Answer, Client
from tests.gateway.wire.service import Asked

NO_ANSWER = "does not answer"
STAYS_OPEN = "leaves the connection open"
SILENT = (NO_ANSWER, STAYS_OPEN, NotSeen.words)  # what is found out by waiting in vain


def difference(case: Case, port: int, services: Services, token: str, *, patience_seconds: float) -> str:
    """Return the first thing that is other than the case says, in few words; empty if the behaviour is kept."""
    services.expect(case.reply, patience_seconds)
    with ToldClient(port, case.address, patience_seconds) as client:
        try:
            _send(client, case.sent, token, services, patience_seconds)
            answers = [client.answer(_method(case, place)) for place in range(len(case.answers))]
        except NotSeen:
            return NotSeen.words
        except TimeoutError:
            return NO_ANSWER
        except (OSError, ValueError, IndexError):
            return "closes the connection without an answer"
        found = [*_of_answers(case.answers, answers), *_of_requests(case.reaches, services.asked())]
        says_so = bool(answers) and answers[-1].header("connection") == "close"
        if not found and case.answers[-1].closes and not says_so and not _is_closed(client):
            return STAYS_OPEN
    return found[0] if found else ""


class ToldClient(Client):
    """A client that comes from a given address and remembers all that it was told."""

    def __init__(self, port: int, address: str, patience_seconds: float) -> None:
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=patience_seconds, source_address=(address, 0)
        )
        self._pending = b""
        self.heard = bytearray()

    def _more(self) -> None:
        before = len(self._pending)
        super()._more()
        self.heard += self._pending[before:]


def _send(client: ToldClient, sent: Script, token: str, services: Services, patience_seconds: float) -> None:
    services.heard_by_client = client
    for piece in (sent,) if isinstance(sent, bytes) else sent:
        if isinstance(piece, Until):
            services.wait_for(piece.piece, patience_seconds)
        else:
            with suppress(BrokenPipeError, ConnectionResetError):
                client.send(piece.replace(TOKEN, token.encode()))


def _method(case: Case, place: int) -> str:
    """Return the method of the request that is answered, on which depends whether the answer has a body."""
    if place < len(case.reaches):
        return case.reaches[place].method
    first = case.sent if isinstance(case.sent, bytes) else case.sent[0]
    return "HEAD" if isinstance(first, bytes) and first.startswith(b"HEAD ") else "GET"


def _is_closed(client: Client) -> bool:
    try:
        return client.is_closed()
    except OSError as error:
        return not isinstance(error, TimeoutError)


def _of_answers(wanted: Sequence[Said], found: Sequence[Answer]) -> Iterable[str]:
    for said, answer in zip(wanted, found, strict=True):
        if answer.status != said.status:
            yield f"answers {answer.status}"
        yield from _of_headers(said.headers, said.lost, answer.headers, "the answer")
        if said.body is not None and answer.body != said.body:
            yield "the answer has another body"


def _of_requests(wanted: Sequence[Onward], found: Sequence[tuple[str, Asked]]) -> Iterable[str]:
    if len(found) > len(wanted):
        yield f"sends on {found[len(wanted)][1].method} {_short(found[len(wanted)][1].target)}"
    if len(found) < len(wanted):
        yield "does not send it on"
    for onward, (service, asked) in zip(wanted, found, strict=False):
        if service != onward.service:
            yield f"goes to {service}"
        if (asked.method, asked.target) != (onward.method, onward.target):
            yield f"sends on {asked.method} {_short(asked.target)}"
        yield from _of_headers(onward.headers, onward.lost, asked.headers, "the service")
        if asked.body != onward.body:
            yield "the service gets another body"


def _of_headers(wanted: object, lost: Iterable[str], found: Sequence[tuple[str, str]], whose: str) -> Iterable[str]:
    values: dict[str, list[str]] = {}
    for name, value in found:
        values.setdefault(name.lower(), []).append(value)
    for name, value in dict(wanted).items():  # type: ignore[call-overload]  # a mapping
        given = values.get(name, [])
        if not given:
            yield f"{whose} gets no {name}" if whose == "the service" else f"{whose} has no {name}"
        elif len(given) > 1 or not matches(value, given[0]):
            yield f"{name} of {whose} is another"
    for name in lost:
        if name in values:
            yield f"{whose} gets {name}" if whose == "the service" else f"{whose} has {name}"


def _short(target: str) -> str:
    return target if len(target) <= 60 else f"{target[:57]}..."
