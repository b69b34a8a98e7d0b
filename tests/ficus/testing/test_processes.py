import socket

import pytest

from ficus.testing import processes
from ficus.testing.processes import free_ports


class TestFreePorts:
    def test_can_be_listened_on(self) -> None:
        ports = free_ports(2)

        listening = [socket.create_server(("127.0.0.1", port)) for port in ports]

        assert [each.getsockname()[1] for each in listening] == ports
        for each in listening:
            each.close()

    def test_are_given_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(processes, "PORTS", range(32_000, 32_400))

        assert len({*free_ports(40), *free_ports(40)}) == 80

    def test_are_none_that_somebody_listens_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            taken = listening.getsockname()[1]
            monkeypatch.setattr(processes, "PORTS", [taken] * 400 + [*range(32_000, 32_400)])

            assert taken not in free_ports(10)
