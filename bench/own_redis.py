"""The Redis that a run has to itself, so that its CPU is the run's alone."""

from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from ficus.supervisor.embedded_redis import embedded_redis
from ficus.testing.processes import Processes, free_ports


@dataclass
class OwnRedis:
    """:ivar pid: of the server."""

    url: str
    pid: int

    @classmethod
    def start(cls, processes: Processes, place: Path) -> "OwnRedis":
        address = f"127.0.0.1:{free_ports(1)[0]}"
        processes.start(embedded_redis("redis", address, place))
        return cls(f"redis://{address}/0", processes.pid("redis"))

    def empty(self) -> None:
        with Redis.from_url(self.url) as client:
            client.flushall()
