"""A service by name: which of its instances gets the next request."""

import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from math import gcd
from random import random

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import EVERYWHERE, Destinations
from gateway.data.upstream.guard import Guard
from gateway.data.upstream.instance import Instance
from gateway.data.upstream.standing import EJECT_AFTER_FAILURES
from gateway.data.upstream.terms import DEFAULT_TERMS, ServiceTerms
from gateway.data.upstream.tls import Security, Tls

logger = logging.getLogger(__name__)


class Upstream:
    """
    A service and its instances. An instance with the weight 0 is never chosen.

    Who may be chosen is settled when somebody's health changes, so that choosing costs nothing for it.

    :ivar guard: breaker, retry budget and bulkhead.
    :ivar hidden_cookies: names of cookies that are none of its business.
    :ivar panics: whether fewer than half of its instances are healthy, so that health is ignored.
    :ivar security: by which TLS it is asked; None where it is not.
    """

    __slots__ = (
        "_drawn",
        "_rotates",
        "_seen",
        "_shares",
        "_turn",
        "_weights",
        "addresses",
        "guard",
        "hidden_cookies",
        "instances",
        "name",
        "panics",
        "security",
        "terms",
    )

    def __init__(
        self,
        name: str,
        addresses: Iterable[Address | str],
        hidden_cookies: frozenset[bytes] = frozenset(),
        *,
        allowed: Destinations = EVERYWHERE,
        known: Mapping[str, Instance] | None = None,
        terms: ServiceTerms = DEFAULT_TERMS,
        guard: Guard | None = None,
        security: Security | None = None,
    ) -> None:
        """
        :param known: instances that may go on with the connections they have, by address.
        :param guard: that may go on as it is; with the limits of ``terms``.
        :param security: that may go on as it is, since ``terms`` say of it what they did.
        """
        self.name = name
        self.addresses = tuple(each if isinstance(each, Address) else Address(each) for each in addresses)
        known = known or {}
        self.instances: Sequence[Instance] = tuple(
            known.get(each.url) or Instance(each.url, allowed) for each in self.addresses
        )
        self.hidden_cookies = hidden_cookies
        self.terms = terms
        self.security: Security | None = None
        if any(each.is_secure for each in self.addresses):
            self.security = security or self._security()
        self._secure_instances()
        self.guard = guard or Guard(name)
        self.guard.bulkhead.resize(terms.in_flight, terms.waiting)
        weights = [each.weight for each in self.addresses]
        self._weights = dict(zip(self.instances, weights, strict=True))
        self._shares = self._weights if len(set(weights)) > 1 else None
        self._rotates = terms.balance == "round robin"
        self._turn = -1
        self.panics = False
        self._drawn: Sequence[Instance] = ()
        self.settle_choices()

    def reload_certificates(self) -> bool:
        """Read the files of its TLS again if they have changed; say whether others are in use now."""
        if self.security is None or not self.security.reload_if_changed():
            return False
        self._secure_instances()
        return True

    def _security(self) -> Security:
        made = Security(self.terms.tls or Tls())
        if made.trouble:
            logger.error("%s cannot be asked by TLS: %s", self.name, made.trouble)
        return made

    def _secure_instances(self) -> None:
        for address, instance in zip(self.addresses, self.instances, strict=True):
            instance.secure(self.security if address.is_secure else None)

    def choose(self) -> Instance:
        """Return the less busy of two instances drawn at random (Mitzenmacher, "The power of two choices")."""
        drawn = self._drawn
        count = len(drawn)
        if count == 1:
            return drawn[0]
        if self._rotates:
            self._turn = turn = (self._turn + 1) % count
            return drawn[turn]
        # Half the price of randrange, for a balance that nobody could tell from its.
        first = int(random() * count)  # noqa: S311 - balance, not secrecy
        second = (first + 1 + int(random() * (count - 1))) % count  # noqa: S311
        one, other = drawn[first], drawn[second]
        if self._shares:
            return one if one.outstanding * self._shares[other] <= other.outstanding * self._shares[one] else other
        return one if one.outstanding <= other.outstanding else other

    def choose_other(self, tried: Container[Instance]) -> Instance:
        """Return the least busy instance that is not among those tried, where there is one."""
        others = [each for each in self._drawn if each not in tried]
        return min(others, key=lambda each: each.outstanding) if others else self.choose()

    def note_failure(self, instance: Instance, now: float) -> None:
        """Count a 5xx or a failed connection; after five in a row the instance is left alone, if enough others stay."""
        instance.failures += 1
        standing = instance.standing
        if instance.failures < EJECT_AFTER_FAILURES or standing.ejected_until:
            return
        known = [each for each in self.instances if self._weights[each]]
        ejected = sum(bool(each.standing.ejected_until) for each in known)
        if 2 * (ejected + 1) > len(known) or instance not in self._weights:
            return
        seconds = standing.eject(now)
        self.guard.ejections += 1
        logger.warning(
            "%s at %s is ejected for %.0f s after %d failures in a row", self.name, instance, seconds, instance.failures
        )
        instance.failures = 0
        self.settle_choices()

    def pass_time(self, now: float) -> None:
        """End the ejections that are over, and see what else has changed, such as by requests of an older table."""
        for each in self.instances:
            each.standing.pass_time(now)
        if [each.standing.is_healthy for each in self.instances] != self._seen:
            self.settle_choices()

    def settle_choices(self) -> None:
        """Draw from the healthy instances from now on; from all if too few are."""
        self._seen = [each.standing.is_healthy for each in self.instances]
        known = [each for each in self.instances if self._weights[each]] or list(self.instances)
        healthy = [each for each in known if each.standing.is_healthy]
        panics = 2 * len(healthy) < len(known)
        if panics and not self.panics:
            self.guard.panics += 1
            logger.warning("%s: %d of %d instances are healthy; health is ignored", self.name, len(healthy), len(known))
        self.panics = panics
        chosen = known if panics else healthy
        self._drawn = _interleaved({each: self._weights[each] for each in chosen}) if self._shares else tuple(chosen)


def _interleaved(weights: Mapping[Instance, int]) -> Sequence[Instance]:
    """Return each instance as often as its weight says, spread out evenly (nginx's smooth weighted round robin)."""
    smallest = gcd(*weights.values()) or 1
    shares = {each: weight // smallest for each, weight in weights.items()}
    total, due, order = sum(shares.values()), dict.fromkeys(shares, 0), []
    for _ in range(total):
        for each, share in shares.items():
            due[each] += share
        chosen = max(due, key=due.__getitem__)
        due[chosen] -= total
        order.append(chosen)
    return tuple(order)
