"""Who runs where: the gateway under test has a core to itself, and everything else another."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """
    :ivar gateway: of the contender.
    :ivar load: of whoever asks, of the upstream, and of the bench itself.
    :ivar several: of two workers of ours; where there are fewer than three cores they share one with the load.
    """

    gateway: frozenset[int]
    load: frozenset[int]
    several: frozenset[int]

    @classmethod
    def choose(cls, available: frozenset[int] | None = None) -> "Cores":
        found = sorted(available if available is not None else os.sched_getaffinity(0))
        if len(found) == 1:
            return cls(frozenset(found), frozenset(found), frozenset(found))
        several = found[1:3] if len(found) > 2 else found
        return cls(frozenset(found[1:2]), frozenset(found[:1]), frozenset(several))

    @property
    def remark(self) -> str:
        """What a reader of the figures has to know about them; empty if all is as it should be."""
        if self.gateway == self.load:
            return "NOT PINNED: this machine has one core, which the gateway shares with those who ask it"
        if self.several & self.load:
            return "Two cores: with two workers of ours, one of them shares its core with the load and the upstream"
        return ""


def listed(cores: frozenset[int]) -> str:
    return ",".join(str(core) for core in sorted(cores))
