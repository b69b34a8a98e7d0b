"""What every registry does (semantics, section 4). One suite for all of them, each with a server of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic, sleep
from uuid import uuid4

import pytest

from ficus.discovery.instance import Instance
from ficus.discovery.registrar import Registrar
from ficus.discovery.registry import RegistryAway
from tests.ficus.discovery.worlds import BRIEF_SECONDS, WORLDS, World
from tests.ficus.events.redis_server import wait_until

PATIENCE_SECONDS = 30.0
SINCE = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)

Told = tuple[Instance, ...]


@pytest.fixture(scope="module", params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from WORLDS[request.param]()


@pytest.fixture
def service() -> str:
    """A service that no other test knows."""
    return f"orders-{uuid4().hex[:8]}"


def make_instance(service: str, number: int = 1, *, port: int = 8000, version: str = "1.2.0") -> Instance:
    return Instance(service, f"127.0.0.{number}", port, version=version, since=SINCE)


def as_kept(world: World, *instances: Instance) -> Told:
    """Return what the registry is to say of the instances."""
    if world.keeps_particulars:
        return instances
    return tuple(replace(each, version="", since=None) for each in instances)


@contextmanager
def watching(world: World, service: str) -> Iterator["Queue[Told]"]:
    """Watch in a thread, as whoever follows does; what is told comes by the queue."""
    told: Queue[Told] = Queue()
    stopped = Event()

    def watch() -> None:
        while not stopped.is_set():
            try:
                for found in world.registry.watch(service, stopped):
                    told.put(found)
            except RegistryAway:
                sleep(0.05)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        stopped.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def wait_for(told: "Queue[Told]", wanted: Told) -> Told:
    """Return what is told once it is what is wanted; or else what was told last."""
    ends_at, last = monotonic() + PATIENCE_SECONDS, None
    while last != wanted and monotonic() < ends_at:
        try:
            last = told.get(timeout=1)
        except Empty:
            continue
    assert last is not None
    return last


class TestDiscover:
    def test_finds_nobody_of_a_service_that_is_not_known(self, world: World, service: str) -> None:
        assert world.registry.discover(service) == ()

    def test_finds_who_has_registered_with_his_particulars(self, world: World, service: str) -> None:
        instance = make_instance(service)

        world.add(instance)

        assert world.registry.discover(service) == as_kept(world, instance)

    def test_finds_all_in_order(self, world: World, service: str) -> None:
        third, first, second = (make_instance(service, number) for number in (3, 1, 2))

        for each in (third, first, second):
            world.add(each)

        assert world.registry.discover(service) == as_kept(world, first, second, third)

    def test_tells_two_ports_of_a_host_apart(self, world: World, service: str) -> None:
        if not world.keeps_ports:
            assert world.registry.discover(service) == ()
            return
        one, other = make_instance(service, port=8000), make_instance(service, port=8001)

        world.add(other)
        world.add(one)

        assert world.registry.discover(service) == as_kept(world, one, other)

    def test_keeps_services_apart(self, world: World, service: str) -> None:
        instance, another = make_instance(service), make_instance(f"{service}-other", 2)

        world.add(instance)
        world.add(another)

        assert world.registry.discover(service) == as_kept(world, instance)


class TestRegister:
    def test_twice_makes_one_instance_and_corrects_what_has_changed(self, world: World, service: str) -> None:
        newer = make_instance(service, version="1.3.0")

        world.add(make_instance(service))
        world.add(newer)

        assert world.registry.discover(service) == as_kept(world, newer)

    def test_lasts_for_the_ttl_unless_renewed(self, world: World, service: str) -> None:
        instance = make_instance(service)
        world.add(instance, briefly=True)

        if not world.expires:
            assert world.registry.discover(service) == as_kept(world, instance)
            return
        wait_until(lambda: world.registry.discover(service) == (), PATIENCE_SECONDS)

        assert world.registry.discover(service) == ()

    def test_after_it_has_lapsed_is_as_good_as_the_first_time(self, world: World, service: str) -> None:
        instance = make_instance(service)
        world.add(instance, briefly=True)
        if world.expires:
            wait_until(lambda: world.registry.discover(service) == (), PATIENCE_SECONDS)

        world.add(instance)

        assert world.registry.discover(service) == as_kept(world, instance)


class TestDeregister:
    def test_takes_out_that_instance_alone(self, world: World, service: str) -> None:
        instance, stays = make_instance(service), make_instance(service, 2)
        world.add(instance)
        world.add(stays)

        world.remove(instance)

        assert world.registry.discover(service) == as_kept(world, stays)

    def test_of_one_that_is_gone_is_success(self, world: World, service: str) -> None:
        instance = make_instance(service)
        world.add(instance)

        world.remove(instance)
        world.remove(instance)

        assert world.registry.discover(service) == ()


class TestWatch:
    def test_tells_at_once_who_is_there(self, world: World, service: str) -> None:
        instance = make_instance(service)
        world.add(instance)

        with watching(world, service) as told:
            assert told.get(timeout=PATIENCE_SECONDS) == as_kept(world, instance)

    def test_tells_of_who_comes_and_who_goes(self, world: World, service: str) -> None:
        instance = make_instance(service)

        with watching(world, service) as told:
            assert told.get(timeout=PATIENCE_SECONDS) == ()
            world.add(instance)
            assert wait_for(told, as_kept(world, instance)) == as_kept(world, instance)
            world.remove(instance)
            assert wait_for(told, ()) == ()

    def test_tells_of_who_is_renewed_no_more(self, world: World, service: str) -> None:
        instance = make_instance(service)
        world.add(instance, briefly=True)

        with watching(world, service) as told:
            if not world.expires:
                assert told.get(timeout=PATIENCE_SECONDS) == as_kept(world, instance)
                return
            assert wait_for(told, ()) == ()

    def test_says_now_and_then_that_nothing_has_changed(self, world: World, service: str) -> None:
        instance = make_instance(service)
        world.add(instance)

        with watching(world, service) as told:
            said = [told.get(timeout=PATIENCE_SECONDS) for _ in range(3)]

        assert said == [as_kept(world, instance)] * 3


class TestRegistryAway:
    def test_is_said_by_all_that_ask(self, world: World, service: str) -> None:
        if world.server is None:
            assert world.registry.discover(service) == ()
            return
        world.server.kill()

        try:
            with pytest.raises(RegistryAway):
                world.registry.discover(service)
            with pytest.raises(RegistryAway):
                next(world.registry.watch(service, Event()))
            if world.zone is None:
                with pytest.raises(RegistryAway):
                    world.registry.register(make_instance(service))
                with pytest.raises(RegistryAway):
                    world.registry.deregister(make_instance(service))
        finally:
            world.server.start()

    def test_that_comes_back_with_nothing_is_told_again(self, world: World, service: str) -> None:
        instance = make_instance(service)
        if world.zone is not None:
            world.add(instance)

        with kept(world, instance), watching(world, service) as told:
            assert wait_for(told, as_kept(world, instance)) == as_kept(world, instance)
            if world.server is not None:
                world.server.kill()
                world.server.start()
                drained(told)
            assert wait_for(told, as_kept(world, instance)) == as_kept(world, instance)


class TestRegistrar:
    def test_keeps_an_instance_known_beyond_the_ttl(self, world: World, service: str) -> None:
        instance = make_instance(service)
        if world.zone is not None:
            world.add(instance)

        with kept(world, instance), watching(world, service) as told:
            sleep(2 * BRIEF_SECONDS)
            drained(told)
            # A machine that stands still may let it lapse for a moment; nobody but the registrar brings it back.
            assert wait_for(told, as_kept(world, instance)) == as_kept(world, instance)

    def test_takes_it_out_when_it_leaves(self, world: World, service: str) -> None:
        instance = make_instance(service)
        if world.zone is not None:
            assert world.registry.discover(service) == ()
            return
        registrar = Registrar(world.registry, [instance])
        registrar.start()
        wait_until(lambda: world.registry.discover(service) == (instance,), PATIENCE_SECONDS)

        registrar.leave()
        registrar.wait(PATIENCE_SECONDS)

        assert world.registry.discover(service) == ()


@contextmanager
def kept(world: World, instance: Instance) -> Iterator[None]:
    """Have the instance registered by whoever does it in a process that serves."""
    registrar = Registrar(world.brief, [instance])
    registrar.start()
    try:
        yield
    finally:
        registrar.leave()
        registrar.wait(PATIENCE_SECONDS)


def drained(told: "Queue[Told]") -> list[Told]:
    """Return all that has been told, at least one."""
    said = [told.get(timeout=PATIENCE_SECONDS)]
    while not told.empty():
        said.append(told.get())
    return said
