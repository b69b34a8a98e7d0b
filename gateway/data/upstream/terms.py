"""How a service is asked: by which rule its instances are chosen, where its health is, how much it gets at a time."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ficus.resilience.bulkhead import IN_FLIGHT, WAITING
from gateway.data.upstream.tls import Tls


class ServiceTerms(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is not said is by default, which suits a service that nobody has measured."""

    balance: Annotated[
        Literal["two choices", "round robin"],
        Meta(description="Two choices: the less busy of two instances drawn at random. Weights count in both."),
    ] = "two choices"
    discover: Annotated[
        str,
        Meta(
            max_length=100,
            pattern="^[a-zA-Z0-9_.-]*$",
            description="The name under which its instances are found in the registry (DISCOVERY_URL). "
            "Empty: its own, if it has no instances here. none: they are not looked for.",
        ),
    ] = ""
    health_path: Annotated[
        str,
        Meta(
            max_length=200,
            pattern="^(/[!-~]*|none)$",
            description="Asked of each instance every 5 seconds; any status below 500 is health. none: not asked.",
        ),
    ] = "/readyz"
    in_flight: Annotated[
        int, Meta(ge=1, le=10_000, description="Requests that it has at a time, from each worker.")
    ] = IN_FLIGHT
    waiting: Annotated[
        int, Meta(ge=0, le=10_000, description="Requests that wait for their turn, 100 ms at most; others get 503.")
    ] = WAITING
    tls: Annotated[
        Tls | None,
        Meta(
            description="For https addresses: the authorities believed, the certificate shown with its key, and the "
            "server_name asked for. Without: the system's authorities, no certificate, and the address's own name.",
            examples=[
                {"ca": "/etc/ficus/ca.pem", "certificate": "/etc/ficus/gateway.pem", "key": "/etc/ficus/gateway.key"}
            ],
        ),
    ] = None


UNASKED = "none"
UNSOUGHT = "none"
DEFAULT_TERMS = ServiceTerms()
