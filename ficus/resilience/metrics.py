"""What the kit counts of a process's calls to others; all of it happens seldom. The gateway counts its own."""

from prometheus_client import Counter

from ficus.resilience.breaker import State

transitions = Counter(
    "ficus_breaker_transitions_total",
    "Transitions of the breakers before what this service calls, by the state entered",
    ["target", "state"],
)
refused = Counter(
    "ficus_calls_refused_total",
    "Calls that were not made, since the target is left alone (suspended), has enough to do (busy) or is switched off",
    ["target", "reason"],
)
retries = Counter(
    "ficus_retries_total",
    "Calls that failed and were made again, or were not since the budget was spent (refused)",
    ["target", "outcome"],
)


def note_transition(target: str, state: State) -> None:
    transitions.labels(target, state.value).inc()
