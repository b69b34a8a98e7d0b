"""What a person reads when the system is up: where it is, who may sign in, and a line that places an order."""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from shlex import quote

from config.addresses import Addresses
from config.demo import PEOPLE
from config.services import NAMES
from ficus.tls.following import client

SIGN_IN = (
    "{curl} {url}/auth/token -H 'Content-Type: application/json' "
    """-d '{{"username": "ada", "password": "{password}"}}' | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/'"""
)
PLACE_ORDER = (
    """{curl} {url}/orders -H "Authorization: Bearer $({sign_in})" -H "Idempotency-Key: $(date +%s%N)" """
    "-H 'Content-Type: application/json' -H 'Prefer: wait=5' "
    """-d '{{"lines": [{{"sku": "{sku}", "quantity": 1}}]}}'"""
)


def order_line(url: str, password: str, sku: str, ca: str = "") -> str:
    """
    Return a line for a shell that signs in as ada, orders one piece of ``sku`` and shows the outcome.

    :param ca: the file of the authority that vouches for the front door, if the system's does not.
    """
    curl = f"curl -s --cacert {quote(ca)}" if ca else "curl -s"
    sign_in = SIGN_IN.format(curl=curl, url=url, password=password)
    return PLACE_ORDER.format(curl=curl, url=url, sku=sku, sign_in=sign_in)


def cheapest_sku(at: Addresses) -> str:
    """Ask the front door for the product with the lowest price; empty if it does not say."""
    connection = HTTPConnection(at.gateway, timeout=5)
    if at.asking_as is not None:
        connection = HTTPSConnection(at.gateway, timeout=5, context=client(at.asking_as).get())
    try:
        connection.request("GET", "/products?limit=100", headers={"Accept": "application/json"})
        products = json.loads(connection.getresponse().read())["results"]
        return str(min(products, key=lambda product: product["unit_price"])["sku"])
    except (OSError, HTTPException, ValueError, LookupError):
        return ""
    finally:
        connection.close()


def welcome(at: Addresses, shape: str, password: str | None, seconds: float) -> str:
    """Return the text to show, ending with the line to copy."""
    url = f"{at.scheme}://{at.gateway}"
    behind = ", ".join(f"{name} {at.web(name)}" for name in (NAMES if shape == "services" else ["monolith"]))
    admins = "   ".join(f"{url}/{path}/" for path in ("admin", *(f"{name}/admin" for name in NAMES)))
    lines = [
        "",
        f"Ficus is up ({shape}, {seconds:.1f} s).",
        "",
        f"  front door     {url}",
        f"  try the API    {url}/docs",
        f"  sign in        {url}/login",
        f"  admin          {admins}",
        f"  behind it      {behind}",
    ]
    if password:
        lines += [f"  demo people    {', '.join(f'{name} ({role})' for name, role in PEOPLE.items())}"]
        lines += [f"demo password: {password}"]
        if sku := cheapest_sku(at):
            lines += [
                "",
                "Place an order:",
                "",
                order_line(url, password, sku, at.asking_as.ca if at.asking_as else ""),
            ]
    return "\n".join([*lines, "", "Ctrl-C stops everything."])
