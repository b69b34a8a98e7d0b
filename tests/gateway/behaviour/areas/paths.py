"""One form of a path: what is matched is what goes on, and what could be read in two ways is refused."""

from functools import partial

from tests.gateway.behaviour import case
from tests.gateway.behaviour.case import Area, Case, refused, served

ask = partial(case.request, host="paths.test")


def becomes(name: str, sent: str, seen: str) -> Case:
    return served(name, ask("GET", sent), seen)


def no(name: str, sent: str) -> Case:
    return refused(name, ask("GET", sent), 400)


AREA = Area(
    "paths",
    "a path has one form, and only that is matched and passed on",
    "paths.test",
    {
        "open": {"service": "orders", "path": "/open"},
        "closed": {"service": "next", "path": "/closed"},
    },
    (
        becomes("a doubled slash is one", "/open//a", "/open/a"),
        becomes("three slashes are one", "/open///a", "/open/a"),
        becomes("slashes at the beginning are one", "//open/a", "/open/a"),
        becomes("a dot segment is nothing", "/open/./a", "/open/a"),
        becomes("a dot at the end is nothing", "/open/a/.", "/open/a/"),
        becomes("an escaped dot segment is nothing", "/open/%2e/a", "/open/a"),
        becomes("an escaped letter is a letter", "/open/%41%7a", "/open/Az"),
        becomes("an escaped tilde is a tilde", "/open/%7euser", "/open/~user"),
        becomes("an escaped letter in the route's own path", "/%6fpen/a", "/open/a"),
        becomes("escapes are in capitals", "/open/caf%c3%a9", "/open/caf%C3%A9"),
        becomes("an escaped space stays", "/open/a%20b", "/open/a%20b"),
        becomes("an escaped percent sign stays", "/open/100%25", "/open/100%25"),
        becomes("an escape is resolved once", "/open/%252e%252e", "/open/%252e%252e"),
        becomes("an escaped question mark stays", "/open/a%3Fb", "/open/a%3Fb"),
        becomes("an escaped hash stays", "/open/a%23b", "/open/a%23b"),
        becomes("a pipe is escaped", "/open/a|b", "/open/a%7Cb"),
        becomes("a quote is escaped", '/open/a"b', "/open/a%22b"),
        becomes("brackets are escaped", "/open/a[1]", "/open/a%5B1%5D"),
        becomes("sub-delimiters stay", "/open/a!$&'()*+,=:@b", "/open/a!$&'()*+,=:@b"),
        becomes("three dots are a name", "/open/.../a", "/open/.../a"),
        becomes("a name that begins with dots", "/open/..a", "/open/..a"),
        becomes("a name that begins with a dot", "/open/.well-known", "/open/.well-known"),
        becomes("a query stays as it is", "/open?a=%2F&b=../c;d//e", "/open?a=%2F&b=../c;d//e"),
        becomes("a query of its own question mark", "/open?a?b", "/open?a?b"),
        becomes("an empty query stays", "/open?", "/open?"),
        becomes("an absolute address", "http://paths.test/open/a?b", "/open/a?b"),
        becomes("an absolute address in capitals", "HTTP://PATHS.TEST/open", "/open"),
        no("two dots climb", "/open/../closed"),
        no("two dots at the end climb", "/open/.."),
        no("two dots at the beginning climb", "/../open"),
        no("two dots climb to where they began", "/open/a/../b"),
        no("escaped dots climb", "/open/%2e%2e/closed"),
        no("half escaped dots climb", "/open/.%2E/closed"),
        no("an escaped slash", "/open%2Fclosed"),
        no("an escaped slash in small letters", "/open/a%2fb"),
        no("an escaped backslash", "/open%5Cclosed"),
        no("a backslash", "/open\\closed"),
        no("a semicolon", "/open;x=1"),
        no("a semicolon hides climbing", "/open/..;/closed"),
        no("an escaped semicolon", "/open/a%3Bb"),
        no("an escaped NUL", "/open/a%00"),
        no("an escaped line feed", "/open/a%0Ab"),
        no("an escaped DEL", "/open/a%7F"),
        no("an escape that is none", "/open/%zz"),
        no("an escape that is cut short", "/open/a%4"),
        no("a percent sign at the end", "/open/%"),
        no("a slash in too many bytes", "/open/%c0%af"),
        no("an escape that is no UTF-8", "/open/%ff"),
        no("a surrogate in escapes", "/open/%ed%a0%80"),
        no("a raw byte beyond ASCII", "/open/\xe9"),
        no("a fragment", "/open#part"),
        no("no slash at the beginning", "open"),
        no("an asterisk", "*"),
        no("an absolute address of another host", "http://other.test/open"),
        no("an absolute address with a user", "http://me@paths.test/open"),
        no("another scheme", "ftp://paths.test/open"),
        refused("an address of more than 4 KiB", ask("GET", "/open?" + "a" * 4096), 414),
        served("an address of just 4 KiB", ask("GET", "/open?" + "a" * 4090), "/open?" + "a" * 4090),
    ),
)
