"""Messages that two parsers could cut differently. Each is one message, followed by another that must not be heard."""

from tests.gateway.behaviour.case import Area, Case, Said

HOST = b"Host: hostile.test\r\n"
GET = b"GET /x HTTP/1.1\r\n" + HOST
POST = b"POST /x HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def hostile(name: str, sent: bytes, status: int = 400) -> Case:
    return Case(name, sent, (), (Said(status, closes=True),))


def length(name: str, value: bytes) -> Case:
    return hostile(name, POST + b"Content-Length: " + value + b"\r\n\r\nhello")


def coding(name: str, value: bytes, status: int) -> Case:
    return hostile(name, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n0\r\n\r\n", status)


AREA = Area(
    "hostile",
    "what two parsers could read differently is refused, and the connection ends",
    "hostile.test",
    {"all": {"service": "orders", "path": "/x"}},
    (
        hostile("a length and a coding", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        hostile("a coding and a length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        hostile("a doubled length", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        hostile("two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        length("a list of lengths", b"5, 5"),
        length("a length with a plus", b"+5"),
        length("a negative length", b"-5"),
        length("a hexadecimal length", b"0x5"),
        length("a length with an underscore", b"1_0"),
        length("an empty length", b""),
        length("a length beyond 64 bits", b"99999999999999999999999"),
        coding("an unknown coding", b"frob", 501),
        coding("gzip before chunked", b"gzip, chunked", 501),
        coding("almost chunked", b"xchunked", 501),
        coding("identity", b"identity", 400),
        coding("chunked twice", b"chunked, chunked", 400),
        coding("a comma after chunked", b"chunked,", 400),
        coding("a vertical tab before chunked", b"\x0bchunked", 400),
        hostile("chunked in HTTP/1.0", b"POST /x HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        hostile("a bare LF throughout", b"GET /x HTTP/1.1\nHost: hostile.test\n\n"),
        hostile("a bare LF after a field", b"GET /x HTTP/1.1\r\nHost: hostile.test\nX: 1\r\n\r\n"),
        hostile("a bare CR in a value", GET + b"X: 1\rY: 2\r\n\r\n"),
        hostile("a folded line", GET + b"X: 1\r\n 2\r\n\r\n"),
        hostile("a NUL in a value", GET + b"X: 1\x002\r\n\r\n"),
        hostile("a control character in a value", GET + b"X: 1\x012\r\n\r\n"),
        hostile("a space before the colon", GET + b"X : 1\r\n\r\n"),
        hostile("a field without a name", GET + b": 1\r\n\r\n"),
        hostile("a field without a colon", GET + b"XYZ\r\n\r\n"),
        hostile("a parenthesis in a name", GET + b"X(: 1\r\n\r\n"),
        hostile("no host", b"GET /x HTTP/1.1\r\n\r\n"),
        hostile("no host in HTTP/1.0", b"GET /x HTTP/1.0\r\n\r\n"),
        hostile("two hosts", GET + b"Host: other.test\r\n\r\n"),
        hostile("an empty host", b"GET /x HTTP/1.1\r\nHost:\r\n\r\n"),
        hostile("a host with a path", b"GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        hostile("a host with a user", b"GET /x HTTP/1.1\r\nHost: me@hostile.test\r\n\r\n"),
        hostile("two hosts in one", b"GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        hostile("two spaces after the method", b"GET  /x HTTP/1.1\r\n" + HOST + b"\r\n"),
        hostile("two spaces before the version", b"GET /x  HTTP/1.1\r\n" + HOST + b"\r\n"),
        hostile("a space after the version", b"GET /x HTTP/1.1 \r\n" + HOST + b"\r\n"),
        hostile("a tab after the method", b"GET\t/x HTTP/1.1\r\n" + HOST + b"\r\n"),
        hostile("a space in the target", b"GET /x/a b HTTP/1.1\r\n" + HOST + b"\r\n"),
        hostile("a NUL in the target", b"GET /x\0 HTTP/1.1\r\n" + HOST + b"\r\n"),
        hostile("HTTP/2.0 in words", b"GET /x HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        hostile("HTTP/1.2", b"GET /x HTTP/1.2\r\n" + HOST + b"\r\n", 505),
        hostile("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        hostile("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n"),
        hostile("two empty lines first", b"\r\n\r\n" + GET + b"\r\n"),
        hostile("CONNECT", b"CONNECT hostile.test:443 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ),
)
