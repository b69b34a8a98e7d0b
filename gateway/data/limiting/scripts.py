"""
What Redis does in one step (EVALSHA), on its own clock, so that workers need not agree on the time.

Keys hold the moment at which nothing is owed any more, in microseconds since 1970, and expire then. All numbers are
below 2^53, where Lua's are exact. Redis 5 or later; a cluster would want all keys of a route on one node.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha1
from typing import NamedTuple

from gateway.data.limiting.gcra import Rate

_DEBTS = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local debts = {}
for i, key in ipairs(KEYS) do
  local clear_at = tonumber(redis.call('GET', key) or 0)
  debts[i] = math.min(math.max(clear_at - now, 0), tonumber(ARGV[2 * i]))
end
local function note(i)
  if debts[i] > 0 then
    redis.call('SET', KEYS[i], string.format('%.0f', now + debts[i]), 'PX', math.ceil(debts[i] / 1000))
  end
end
"""


class Script(NamedTuple):
    """What Redis is given once, and the name by which it is then called."""

    text: bytes
    sha: bytes

    def call(self, keys: Sequence[bytes], arguments: Iterable[bytes]) -> tuple[bytes, ...]:
        """Return the command that runs it."""
        return (b"EVALSHA", self.sha, b"%d" % len(keys), *keys, *arguments)


def _script(text: str) -> Script:
    return Script(text.encode(), sha1(text.encode(), usedforsecurity=False).hexdigest().encode())


# One request, by all keys or by none. For each key: interval, capacity. Returns 1 or 0, and what each key owes then.
TAKE = _script(
    _DEBTS
    + """
local admitted = 1
for i in ipairs(KEYS) do
  if debts[i] + ARGV[2 * i - 1] > tonumber(ARGV[2 * i]) then admitted = 0 end
end
if admitted == 1 then
  for i in ipairs(KEYS) do
    debts[i] = debts[i] + ARGV[2 * i - 1]
    note(i)
  end
end
return {admitted, unpack(debts)}
"""
)
# What a worker let through by itself. For each key: what it costs, capacity. Returns what each key owes then.
SETTLE = _script(
    _DEBTS
    + """
for i in ipairs(KEYS) do
  debts[i] = math.min(debts[i] + ARGV[2 * i - 1], tonumber(ARGV[2 * i]))
  note(i)
end
return debts
"""
)
# Say that a worker lives: its name, and for how many microseconds without a word one counts. Returns how many do.
ALIVE = _script("""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000))
return redis.call('ZCARD', KEYS[1])
""")
ALL = (TAKE, SETTLE, ALIVE)

PREFIX = b"ficus:limit:"
WORKERS = b"ficus:gateway:workers"


def take(keys: Sequence[bytes], rates: Sequence[Rate]) -> tuple[bytes, ...]:
    """Return the command that lets one request through, or does not."""
    arguments = [b"%d" % number for rate in rates for number in rate]
    return TAKE.call([PREFIX + key for key in keys], arguments)


def settle(used: Mapping[bytes, tuple[int, Rate]]) -> tuple[bytes, ...]:
    """:param used: how many requests were let through, and by which rate, for each key."""
    arguments = []
    for requests, rate in used.values():
        arguments += [b"%d" % (requests * rate.interval), b"%d" % rate.capacity]
    return SETTLE.call([PREFIX + key for key in used], arguments)


def alive(worker: bytes, seconds: int) -> tuple[bytes, ...]:
    return ALIVE.call([WORKERS], [worker, b"%d" % (seconds * 1_000_000)])
