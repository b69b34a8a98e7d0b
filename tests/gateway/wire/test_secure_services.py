"""Services that are asked by TLS, with and without a certificate of the gateway's own; proves RFC 9325, section 3."""

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.data.certificates import Files
from tests.gateway.certificates import Authority, speaking
from tests.gateway.wire.client import Answer
from tests.gateway.wire.conftest import PATIENT, Door, bearer, running_door
from tests.gateway.wire.resilience.conftest import APPLY
from tests.gateway.wire.service import Asked, Connection, FakeService, echo
from tests.gateway.wire.test_streaming import MEGABYTE, SIZE, memory_of
from tests.gateway.wire.test_websocket import SECONDS, accepting, echo_until_closed, opened
from tests.gateway.wire.waiting import until

HOST = "127.0.0.1"


@dataclass
class Scene:
    """A gateway, the services behind it by name, and what they were made with."""

    directory: Path
    services: dict[str, FakeService] = field(default_factory=dict)
    authorities: dict[str, Authority] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=lambda: {"services": {}, "routes": {}})
    door: Any = None

    def add(self, name: str, shows: Files, *, wants: Sequence[str] = (), host: str = HOST, **tls: str) -> FakeService:
        """
        Start a service, with a route to it.

        :param wants: the authorities of the clients whom it takes; without any it asks for no certificate.
        :param host: by which the table names it.
        """
        service = self.services[name] = FakeService(speaking(shows, *wants)).__enter__()
        address = f"https://{host}:{service.port}"
        policies: dict[str, Any] = {"websocket": {}} if name == "good" else {}
        self.table["services"][name] = {"instances": [{"address": address}], "terms": {"tls": tls}}
        self.table["routes"][name] = {
            "service": name,
            "path": f"/{name}",
            "access": "public",
            "body_limit": 64 << 20,
            "policies": policies,
        }
        return service

    def ask(self, method: str, target: str, *fields: str) -> Answer:
        door: Door = self.door
        return door.ask(method, target, *fields)

    def has_logged(self, words: str, times: int = 1) -> bool:
        return Path(self.door.log).read_text().count(words) >= times


def settled(value: Callable[[], int]) -> int:
    """Return a number once it has not changed for a while."""
    before = -1
    while value() != before:
        before = value()
        time.sleep(0.5)
    return before


@pytest.fixture(scope="module")
def _scene(tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService]) -> Iterator[Scene]:
    scene = Scene(tmp_path_factory.mktemp("files"))
    scene.authorities = {name: Authority(scene.directory, name) for name in ("ours", "theirs", "old", "new")}
    ours, theirs, old, new = scene.authorities.values()
    shown, gateway = ours.issue(HOST, file="shown"), ours.issue("gateway.test", file="gateway")
    stranger = theirs.issue("gateway.test", file="stranger")
    pair = {"certificate": gateway.certificate, "key": gateway.key}
    scene.add("good", shown, ca=ours.file)
    scene.add("named", ours.issue("localhost", file="named"), ca=ours.file, host="localhost")
    scene.add("told", ours.issue("told.test", file="told"), ca=ours.file, server_name="told.test")
    scene.add("mutual", shown, wants=[ours.file], ca=ours.file, **pair)
    scene.add("anonymous", shown, wants=[ours.file], ca=ours.file)
    scene.add("foreign", shown, wants=[ours.file], ca=ours.file, certificate=stranger.certificate, key=stranger.key)
    scene.add("strange", shown, ca=theirs.file)
    scene.add("composed", shown, ca=theirs.file)
    scene.add("system", shown)
    scene.add("misnamed", ours.issue("other.test", file="misnamed"), ca=ours.file)
    scene.add("expired", ours.issue(HOST, days=-1, file="expired"), ca=ours.file)
    scene.add("doubtful", shown, ca=theirs.file)
    scene.add("refusing", shown, wants=[ours.file], ca=ours.file)
    scene.add("unreadable", shown, ca="/nowhere/ca.pem")
    older = scene.add("older", shown, ca=ours.file).context
    assert older is not None
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    _add_changing(scene, old, new)
    scene.add("users", shown, wants=[ours.file], ca=ours.file, **pair)
    scene.table["routes"]["users"]["access"] = "signed in"
    scene.table["routes"]["named"]["policies"] = {"mirror": {"to": "mutual"}}
    scene.table["routes"]["composed"]["policies"] = {"fallback": {"parts": {"stock": "mutual /stock"}}}
    script = APPLY.format(more=json.dumps(scene.table)) + PATIENT
    state = tmp_path_factory.mktemp("secure_services")
    with running_door(state, *_services, script=script) as door:
        scene.door = door
        yield scene
    for service in scene.services.values():
        service.stop()


def _add_changing(scene: Scene, old: Authority, new: Authority) -> None:
    """Add services whose certificates are replaced while they are asked."""
    believed, spoilt = scene.directory / "believed.pem", scene.directory / "spoilt.pem"
    for file in (believed, spoilt):
        file.write_text(Path(old.file).read_text())
    pair = old.issue("gateway.test", file="changing-gateway")
    shown = old.issue(HOST, file="changing")
    tls = {"ca": str(believed), "certificate": pair.certificate, "key": pair.key}
    scene.add("changing", shown, wants=(old.file, new.file), **tls)
    scene.add("spoilt", shown, ca=str(spoilt))


@pytest.fixture
def scene(_scene: Scene) -> Iterator[Scene]:
    yield _scene
    for service in _scene.services.values():
        service.forget()


class TestServiceByTls:
    @pytest.mark.parametrize("name", ["good", "named", "told", "mutual", "older"])
    def test_is_asked_over_kept_connections(self, scene: Scene, name: str) -> None:
        seen: list[Any] = []

        def note(connection: Connection, asked: Asked) -> None:
            assert isinstance(connection.socket, ssl.SSLSocket)
            seen.append((connection.socket, connection.socket.selected_alpn_protocol()))
            echo(connection, asked)

        scene.services[name].on(f"/{name}", note)

        answers = [scene.ask("GET", f"/{name}"), scene.ask("POST", f"/{name}")]

        assert [each.status for each in answers] == [200, 200]
        assert [each.header("X-Forwarded-Proto") for each in scene.services[name].asked] == ["http", "http"]
        assert [protocol for _, protocol in seen] == ["http/1.1", "http/1.1"]
        assert seen[0][0] is seen[1][0]

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("strange", "its certificate does not hold: unable to get local issuer certificate"),
            ("system", "its certificate does not hold: unable to get local issuer certificate"),
            ("misnamed", "its certificate does not hold: IP address mismatch"),
            ("expired", "its certificate does not hold: certificate has expired"),
            ("anonymous", "it refuses the connection: tlsv13 alert certificate required"),
            ("foreign", "it refuses the connection: tlsv1 alert unknown ca"),
            ("unreadable", "/nowhere/ca.pem: No such file or directory"),
        ],
    )
    def test_that_is_not_to_be_believed_or_does_not_want_us_gets_no_request(
        self, scene: Scene, name: str, reason: str
    ) -> None:
        service = scene.services[name]

        refused = [scene.ask("GET", f"/{name}"), scene.ask("POST", f"/{name}")]

        assert [(each.status, each.json["code"]) for each in refused] == [(502, "bad_gateway")] * 2
        assert [each.header("content-type") for each in refused] == ["application/problem+json"] * 2
        assert service.asked == []
        until(lambda: scene.has_logged(f"{name} cannot be reached at {HOST}:{service.port}: {reason}"))

    @pytest.mark.parametrize("name", ["refusing", "doubtful"])
    def test_is_left_alone_after_five_such_connections_in_a_row(self, scene: Scene, name: str) -> None:
        scene.door.manage("upstreams", "reset", name, "--reason", "Let it trip")

        until(lambda: scene.ask("GET", f"/{name}").json["code"], lambda code: code == "service_suspended")

        assert scene.has_logged(f"breaker of {name}: closed -> open, 5 connect failures in a row")

    def test_is_checked_for_health_by_the_same_certificates(self, scene: Scene) -> None:
        url = {name: scene.services[name].url for name in ("expired", "mutual")}
        wanted = (
            f"{url['expired']} .*: its certificate does not hold",
            f"{url['mutual']} .*: /readyz is answered with 503",
        )
        scene.services["mutual"].is_well = False

        until(lambda: scene.door.manage("upstreams"), lambda said: all(re.search(each, said) for each in wanted))

        scene.services["mutual"].is_well = True
        assert scene.ask("GET", "/mutual").status == 200

    def test_takes_and_gives_50_megabytes_in_little_memory(self, scene: Scene) -> None:
        sent, go_on = 0, threading.Event()

        def both_ways(connection: Connection, asked: Asked) -> None:
            nonlocal sent
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            assert go_on.wait(SECONDS)
            connection.discard(SIZE)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            for _ in range(SIZE // MEGABYTE):
                connection.send(bytes(MEGABYTE))
                sent += MEGABYTE

        scene.ask("GET", "/good")
        scene.services["good"].on("/good/much", both_ways)
        before = memory_of(scene.door.worker)
        with scene.door.connect() as client:
            client.socket.settimeout(SECONDS)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            head = b"POST /good/much HTTP/1.1\r\nHost: ficus.test\r\nContent-Length: %d\r\n\r\n" % SIZE
            sender = threading.Thread(target=client.send, args=(head + bytes(SIZE),))
            sender.start()
            sender.join(1)
            up_was_held_back = sender.is_alive()
            go_on.set()
            sender.join(SECONDS)
            status, _ = client.head()
            held_back = settled(lambda: sent)
            received = sum(len(client.read(MEGABYTE)) for _ in range(SIZE // MEGABYTE))

        assert (status, up_was_held_back, received) == (200, True, SIZE)
        assert held_back < SIZE
        assert memory_of(scene.door.worker) - before < 10 * MEGABYTE

    def test_that_is_cut_off_has_not_said_all(self, scene: Scene) -> None:
        def cut_off(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst")
            connection.close()  # without saying so by TLS

        def say_all(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst")
            assert isinstance(connection.socket, ssl.SSLSocket)
            connection.socket.unwrap()
            connection.close()

        scene.services["good"].on("/good/cut", cut_off)
        scene.services["good"].on("/good/all", say_all)

        with pytest.raises(ConnectionError):
            scene.ask("GET", "/good/cut")
        assert scene.ask("GET", "/good/all").body == b"first"

    def test_speaks_websocket(self, scene: Scene) -> None:
        scene.services["good"].on("/good/live", accepting(echo_until_closed))

        with opened(scene.door, "/good/live") as client:
            status, _ = client.head()
            client.send(b"to and fro")

            assert (status, client.read(10)) == (101, b"to and fro")

    def test_is_asked_so_whatever_for(self, scene: Scene) -> None:
        signed_in = scene.ask("GET", "/users", bearer(iss=scene.door.environment["PUBLIC_URL"]))
        composed = scene.ask("GET", "/composed")
        scene.ask("GET", "/named/mirrored")
        document = scene.ask("GET", "/openapi.json")

        asked = scene.services["mutual"].asked
        until(lambda: "/named/mirrored" in [each.target for each in asked])
        assert signed_in.status == 200
        assert composed.json["stock"]["target"] == "/stock"
        assert document.status == 200
        assert "/mutual/openapi.json" in [each.target for each in asked]


class TestCertificatesForServices:
    def test_change_under_load_and_fail_no_request(self, scene: Scene) -> None:
        service, old, new = scene.services["changing"], scene.authorities["old"], scene.authorities["new"]
        believed = scene.directory / "believed.pem"
        statuses: list[int] = []
        shown: list[str] = []
        over = threading.Event()

        def note(connection: Connection, asked: Asked) -> None:
            shown.append(issuer_of(connection))
            echo(connection, asked)

        def ask_on_and_on() -> None:
            while not over.is_set():
                statuses.append(scene.ask("GET", "/changing").status)

        def read_anew(times: int) -> None:
            until(lambda: scene.has_logged("the certificates for changing have been read anew", times))

        service.on("/changing", note)
        with ThreadPoolExecutor(4) as people:
            asking = [people.submit(ask_on_and_on) for _ in range(4)]
            until(lambda: len(statuses) > 20)
            believed.write_text(Path(old.file).read_text() + Path(new.file).read_text())
            read_anew(1)
            service.context = speaking(new.issue(HOST, file="changing"), old.file, new.file)
            new.issue("gateway.test", file="changing-gateway")
            read_anew(2)
            believed.write_text(Path(new.file).read_text())
            read_anew(3)
            until(lambda: shown[-1] == "new")
            last = len(statuses)
            until(lambda: len(statuses) > last + 20)
            over.set()
        assert [each.result() for each in asking] == [None] * 4

        assert set(statuses) == {200}
        assert (shown[0], shown[-1]) == ("old", "new")

    def test_that_cannot_be_used_are_told_of_and_the_last_good_ones_stay(self, scene: Scene) -> None:
        own = scene.directory / "spoilt.pem"
        good = own.read_text()
        scene.ask("GET", "/spoilt")

        own.write_text("no certificate")
        until(lambda: scene.has_logged("the certificates for spoilt cannot be used, and the last good ones stay: "))
        scene.services["spoilt"].drop_connections()
        answered = scene.ask("GET", "/spoilt")
        own.write_text(good)
        until(lambda: scene.has_logged("the certificates for spoilt have been read anew"))

        assert answered.status == 200


def issuer_of(connection: Connection) -> str:
    """Return by whom the certificate was signed that the other side has shown."""
    assert isinstance(connection.socket, ssl.SSLSocket)
    shown = connection.socket.getpeercert(binary_form=True)
    assert shown is not None
    name = x509.load_der_x509_certificate(shown).issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return str(name)
