"""Which host takes which route."""

from tests.gateway.behaviour.case import Area, refused, request, served

AREA = Area(
    "hosts",
    "the Host field decides",
    "",
    {
        "shop": {"service": "orders", "path": "/h", "hosts": ["shop.hosts.test"]},
        "all-shops": {"service": "next", "path": "/h", "hosts": ["*.hosts.test"]},
        "eu-shops": {"service": "users", "path": "/h", "hosts": ["*.eu.hosts.test"]},
        "two": {"service": "orders", "path": "/two", "hosts": ["one.hosts.test", "*.two.test"]},
        "anywhere": {"service": "users", "path": "/anywhere", "hosts": []},
        "somewhere": {"service": "orders", "path": "/anywhere/here", "hosts": ["shop.hosts.test"]},
    },
    (
        served("a name", request("GET", "/h", host="shop.hosts.test"), "/h"),
        served("a name in capitals", request("GET", "/h", host="SHOP.hosts.TEST"), "/h"),
        served("a name with a port", request("GET", "/h", host="shop.hosts.test:8080"), "/h"),
        served("another name of a wildcard", request("GET", "/h", host="a.hosts.test"), "/h", service="next"),
        served("two labels of a wildcard", request("GET", "/h", host="b.a.hosts.test"), "/h", service="next"),
        served("a longer wildcard", request("GET", "/h", host="a.eu.hosts.test"), "/h", service="users"),
        refused("a wildcard is not for the name itself", request("GET", "/h", host="hosts.test"), 404),
        refused("a name that only ends like it", request("GET", "/h", host="ashop.other.test"), 404),
        served("one of two hosts", request("GET", "/two", host="one.hosts.test"), "/two"),
        served("the other of two hosts", request("GET", "/two", host="x.two.test"), "/two"),
        served(
            "a route without a host", request("GET", "/anywhere", host="unheard.test"), "/anywhere", service="users"
        ),
        served(
            "a route without a host at a host with others",
            request("GET", "/anywhere", host="shop.hosts.test"),
            "/anywhere",
            service="users",
        ),
        served("a longer path of one host", request("GET", "/anywhere/here", host="shop.hosts.test"), "/anywhere/here"),
        served(
            "a longer path of another host",
            request("GET", "/anywhere/here", host="else.test"),
            "/anywhere/here",
            service="users",
        ),
        served("an address as a host", request("GET", "/anywhere", host="127.0.0.1"), "/anywhere", service="users"),
        served(
            "an address in brackets with a port",
            request("GET", "/anywhere", host="[::1]:80"),
            "/anywhere",
            service="users",
        ),
        served(
            "the host goes on as it came",
            request("GET", "/h", host="SHOP.hosts.test:8080"),
            "/h",
            headers={"host": "SHOP.hosts.test:8080"},
        ),
    ),
)
