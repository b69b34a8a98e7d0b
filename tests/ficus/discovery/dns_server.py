"""A DNS server of the test's own (dnsmasq), whose zone it may change, and which it may kill and start again."""

import getpass
import shutil
import subprocess

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from ficus.testing.processes import free_ports
from tests.ficus.events.redis_server import wait_until

PROGRAM = shutil.which("dnsmasq") or shutil.which("/usr/sbin/dnsmasq")
ZONE = "shop.test"


class DnsServer:
    """
    Knows ``orders.shop.test`` by A records, and ``_http._tcp.orders.shop.test`` by SRV records.

    :ivar port: on 127.0.0.1.
    """

    def __init__(self) -> None:
        [self.port] = free_ports(1)
        self._places: set[tuple[str, str, int]] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        options = [
            f"--port={self.port}",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            f"--user={getpass.getuser()}",
        ]
        options += ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="]
        options += [f"--local=/{ZONE}/", "--local-ttl=1", f"--host-record=up.{ZONE},127.0.0.1"]
        for service, host, port in sorted(self._places):
            target = f"host-{host.replace('.', '-')}.{ZONE}"
            options += [f"--host-record={service}.{ZONE},{host}", f"--host-record={target},{host}"]
            options += [f"--srv-host=_http._tcp.{service}.{ZONE},{target},{port}"]
        self._process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def add(self, service: str, host: str, port: int) -> None:
        self._places.add((service, host, port))
        self._begin_anew()

    def remove(self, service: str, host: str, port: int) -> None:
        self._places.discard((service, host, port))
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.kill()
        self.start()

    def _answers(self) -> bool:
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self.port
        try:
            return bool(resolver.resolve(f"up.{ZONE}", "A", lifetime=0.2))
        except (NXDOMAIN, NoAnswer):
            raise AssertionError("the port belongs to somebody else's server") from None
        except DNSException:
            return False
