"""Requests that two parsers could read differently, each with the one status it must get (semantics, section 10)."""

from dataclasses import dataclass

HOST = b"Host: ficus.test\r\n"
POST = b"POST /products HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Case:
    name: str
    sent: bytes
    status: int


def head(line: bytes, *fields: bytes) -> bytes:
    """Return a head with a good Host and these further fields."""
    return line + b"\r\n" + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def get(target: bytes) -> bytes:
    return head(b"GET " + target + b" HTTP/1.1")


def with_length(value: bytes) -> bytes:
    return POST + b"Content-Length: " + value + b"\r\n\r\nhello"


def with_coding(value: bytes) -> bytes:
    return POST + b"Transfer-Encoding: " + value + b"\r\n\r\n0\r\n\r\n"


LENGTHS = [
    Case("length and coding", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    Case("coding and length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    Case("length and unknown coding", POST + b"Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\nhello", 400),
    Case("doubled length", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    Case("two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
    Case("list of lengths", with_length(b"5, 5"), 400),
    Case("length with plus", with_length(b"+5"), 400),
    Case("negative length", with_length(b"-5"), 400),
    Case("hexadecimal length", with_length(b"0x5"), 400),
    Case("length with letter", with_length(b"5a"), 400),
    Case("length with underscore", with_length(b"1_0"), 400),
    Case("length with space inside", with_length(b"5 5"), 400),
    Case("empty length", with_length(b""), 400),
    Case("blank length", with_length(b"  "), 400),
    Case("length beyond 64 bits", with_length(b"99999999999999999999999"), 400),
    Case("length in other digits", with_length("\N{ARABIC-INDIC DIGIT FIVE}".encode()), 400),
    Case("length of many gigabytes", with_length(b"99999999999"), 413),
    Case("length just over the limit", with_length(b"10485761"), 413),
]

CODINGS = [
    Case("unknown coding", with_coding(b"frob"), 501),
    Case("gzip", with_coding(b"gzip"), 501),
    Case("gzip and chunked", with_coding(b"gzip, chunked"), 501),
    Case("unknown and chunked", with_coding(b"frob, chunked"), 501),
    Case("almost chunked", with_coding(b"xchunked"), 501),
    Case("chunked with parameter", with_coding(b"chunked;q=1"), 501),
    Case("quoted chunked", with_coding(b'"chunked"'), 501),
    Case("identity", with_coding(b"identity"), 400),
    Case("chunked twice", with_coding(b"chunked, chunked"), 400),
    Case("chunked and identity", with_coding(b"chunked, identity"), 400),
    Case("empty coding", with_coding(b""), 400),
    Case("comma before chunked", with_coding(b",chunked"), 400),
    Case("comma after chunked", with_coding(b"chunked,"), 400),
    Case("vertical tab before chunked", with_coding(b"\x0bchunked"), 400),
    Case("chunked in two lines", POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n", 400),
    Case(
        "identity and chunked in two lines",
        POST + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    Case(
        "chunked in HTTP/1.0",
        b"POST /products HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
]

CHUNKS = [
    Case("chunk size with letter", CHUNKED + b"g\r\nhello\r\n0\r\n\r\n", 400),
    Case("negative chunk size", CHUNKED + b"-1\r\n", 400),
    Case("chunk size with plus", CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n", 400),
    Case("chunk size with 0x", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", 400),
    Case("space before chunk size", CHUNKED + b" 5\r\nhello\r\n0\r\n\r\n", 400),
    Case("space after chunk size", CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", 400),
    Case("no chunk size", CHUNKED + b"\r\nhello\r\n0\r\n\r\n", 400),
    Case("chunk size beyond 64 bits", CHUNKED + b"fffffffffffffffff\r\n", 400),
    Case("bare LF after chunk size", CHUNKED + b"5\nhello\r\n0\r\n\r\n", 400),
    Case("bare LF after chunk", CHUNKED + b"5\r\nhello\n0\r\n\r\n", 400),
    Case("chunk longer than its size", CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n", 400),
    Case("chunk without end", CHUNKED + b"5\r\nhello0\r\n\r\n", 400),
    Case("LF in chunk extension", CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n", 400),
    Case("NUL in chunk extension", CHUNKED + b"5;\0\r\nhello\r\n0\r\n\r\n", 400),
    Case("mostly chunk extensions", CHUNKED + (b"1;" + b"a" * 200 + b"\r\nx\r\n") * 200, 400),
    Case("length in trailer", CHUNKED + b"0\r\nContent-Length: 3\r\n\r\n", 400),
    Case("coding in trailer", CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    Case("authorization in trailer", CHUNKED + b"0\r\nAuthorization: Bearer x\r\n\r\n", 400),
    Case("host in trailer", CHUNKED + b"0\r\nHost: other\r\n\r\n", 400),
    Case("space after chunk extension", CHUNKED + b"5;a \r\nhello\r\n0\r\n\r\n", 400),
    Case("space before chunk extension", CHUNKED + b"5 ;a\r\nhello\r\n0\r\n\r\n", 400),
    Case("chunk extension without a name", CHUNKED + b"5;=b\r\nhello\r\n0\r\n\r\n", 400),
    Case("empty chunk extension", CHUNKED + b"5;\r\nhello\r\n0\r\n\r\n", 400),
    Case("chunk extension without a value", CHUNKED + b"5;a=\r\nhello\r\n0\r\n\r\n", 400),
    Case("chunk extension with an open quote", CHUNKED + b'5;a="b\r\nhello\r\n0\r\n\r\n', 400),
    Case("CR in chunk extension", CHUNKED + b"5;a\rb\r\nhello\r\n0\r\n\r\n", 400),
    Case("CR after chunk size", CHUNKED + b"5\rhello\r\n0\r\n\r\n", 400),
    Case("two CRs after chunk size", CHUNKED + b"5\r\r\nhello\r\n0\r\n\r\n", 400),
    Case("folded trailer", CHUNKED + b"0\r\nX: 1\r\n 2\r\n\r\n", 400),
    Case("space before colon in trailer", CHUNKED + b"0\r\nX : 1\r\n\r\n", 400),
    Case("NUL in trailer", CHUNKED + b"0\r\nX: \0\r\n\r\n", 400),
    Case("no colon in trailer", CHUNKED + b"0\r\nXYZ\r\n\r\n", 400),
    Case("cookie in trailer", CHUNKED + b"0\r\nCookie: a=b\r\n\r\n", 400),
    Case("101 trailers", CHUNKED + b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n", 400),
    Case("bare LF in trailer", CHUNKED + b"0\r\nX: 1\nY: 2\r\n\r\n", 400),
    Case("endless trailer", CHUNKED + b"0\r\n" + b"X: y\r\n" * 4_000, 400),
]

HEADS = [
    Case("bare LF throughout", b"GET /products HTTP/1.1\nHost: ficus.test\n\n", 400),
    Case("bare LF after a field", b"GET /products HTTP/1.1\r\nHost: ficus.test\nX: 1\r\n\r\n", 400),
    Case("bare CR in a value", head(b"GET /products HTTP/1.1", b"X: 1\rY: 2"), 400),
    Case("folded line", head(b"GET /products HTTP/1.1", b"X: 1\r\n 2"), 400),
    Case("line folded by tab", head(b"GET /products HTTP/1.1", b"X: 1\r\n\t2"), 400),
    Case("space before the first field", b"GET /products HTTP/1.1\r\n Host: ficus.test\r\n\r\n", 400),
    Case("NUL in a value", head(b"GET /products HTTP/1.1", b"X: 1\x002"), 400),
    Case("NUL in a name", head(b"GET /products HTTP/1.1", b"X\0: 1"), 400),
    Case("control character in a value", head(b"GET /products HTTP/1.1", b"X: 1\x012"), 400),
    Case("DEL in a value", head(b"GET /products HTTP/1.1", b"X: 1\x7f2"), 400),
    Case("space before colon", head(b"GET /products HTTP/1.1", b"X : 1"), 400),
    Case("no name", head(b"GET /products HTTP/1.1", b": 1"), 400),
    Case("no colon", head(b"GET /products HTTP/1.1", b"XYZ"), 400),
    Case("parenthesis in a name", head(b"GET /products HTTP/1.1", b"X(: 1"), 400),
    Case("accent in a name", head(b"GET /products HTTP/1.1", "Hôte: 1".encode()), 400),
    Case("no host", b"GET /products HTTP/1.1\r\n\r\n", 400),
    Case("no host in HTTP/1.0", b"GET /products HTTP/1.0\r\n\r\n", 400),
    Case("two hosts", head(b"GET /products HTTP/1.1", b"Host: ficus.test"), 400),
    Case("two hosts that differ", head(b"GET /products HTTP/1.1", b"host: other"), 400),
    Case("empty host", b"GET /products HTTP/1.1\r\nHost:\r\n\r\n", 400),
    Case("host with a path", b"GET /products HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    Case("host with a user", b"GET /products HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    Case("two hosts in one", b"GET /products HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    Case("two authorizations", head(b"GET /products HTTP/1.1", b"Authorization: a", b"authorization: b"), 400),
    Case("two content types", head(b"GET /products HTTP/1.1", b"Content-Type: a", b"Content-Type: b"), 400),
    Case("other expectation", head(b"GET /products HTTP/1.1", b"Expect: 200-ok"), 417),
    Case("head of 17 KiB", head(b"GET /products HTTP/1.1", b"X: " + b"a" * 17 * 1024), 431),
    Case("101 fields", head(b"GET /products HTTP/1.1", *(b"X-%d: 1" % number for number in range(101))), 431),
    Case("target of 4 KiB", get(b"/products?" + b"a" * 4 * 1024), 414),
]

LINES = [
    Case("lower-case method", head(b"get /products HTTP/1.1"), 400),
    Case("unknown method", head(b"FROB /products HTTP/1.1"), 501),
    Case("WebDAV method", head(b"PROPFIND /products HTTP/1.1"), 501),
    Case("TRACE", head(b"TRACE /products HTTP/1.1"), 405),
    Case("CONNECT", head(b"CONNECT ficus.test:443 HTTP/1.1"), 405),
    Case("CONNECT with a path", head(b"CONNECT /products HTTP/1.1"), 405),
    Case("two spaces after the method", head(b"GET  /products HTTP/1.1"), 400),
    Case("two spaces before the version", head(b"GET /products  HTTP/1.1"), 400),
    Case("space after the version", head(b"GET /products HTTP/1.1 "), 400),
    Case("tab after the method", head(b"GET\t/products HTTP/1.1"), 400),
    Case("space in the target", get(b"/pro ducts"), 400),
    Case("no version", head(b"GET /products"), 400),
    Case("HTTP/0.9", head(b"GET /products HTTP/0.9"), 505),
    Case("HTTP/1.2", head(b"GET /products HTTP/1.2"), 505),
    Case("HTTP/2.0", head(b"GET /products HTTP/2.0"), 505),
    Case("HTTP/1.10", head(b"GET /products HTTP/1.10"), 400),
    Case("lower-case version", head(b"GET /products http/1.1"), 400),
    Case("RTSP", head(b"GET /products RTSP/1.0"), 400),
    Case("ICE", head(b"SOURCE /products ICE/1.0"), 400),
    Case("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    Case("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    Case("two empty lines first", b"\r\n\r\n" + get(b"/products"), 400),
    Case("bare LF first", b"\n" + get(b"/products"), 400),
]

TARGETS = [
    Case("climbing", get(b"/products/../orders"), 400),
    Case("climbing at the end", get(b"/products/.."), 400),
    Case("climbing by escape", get(b"/products/%2e%2e/orders"), 400),
    Case("climbing by half an escape", get(b"/products/.%2E/orders"), 400),
    Case("escaped slash", get(b"/products%2Forders"), 400),
    Case("escaped slash in small letters", get(b"/products%2forders"), 400),
    Case("escaped backslash", get(b"/products%5corders"), 400),
    Case("backslash", get(b"/products\\orders"), 400),
    Case("semicolon", get(b"/products;x=1"), 400),
    Case("semicolon and climbing", get(b"/products/..;/orders"), 400),
    Case("escaped semicolon", get(b"/products%3Bx"), 400),
    Case("escaped NUL", get(b"/products%00"), 400),
    Case("escaped line feed", get(b"/products%0a"), 400),
    Case("escape that is none", get(b"/products%zz"), 400),
    Case("escape cut short", get(b"/products%2"), 400),
    Case("percent at the end", get(b"/products%"), 400),
    Case("overlong slash", get(b"/products%c0%af"), 400),
    Case("not UTF-8", get(b"/products%ff"), 400),
    Case("raw byte over 127", get(b"/products\xff"), 400),
    Case("NUL in the target", get(b"/products\0"), 400),
    Case("fragment", get(b"/products#part"), 400),
    Case("no slash first", get(b"products"), 400),
    Case("authority form", get(b"ficus.test:80"), 400),
    Case("asterisk", get(b"*"), 400),
    Case("absolute, of another host", get(b"http://other.test/products"), 400),
    Case("absolute, with a user", get(b"http://me@ficus.test/products"), 400),
    Case("another scheme", get(b"ftp://ficus.test/products"), 400),
]

# Refused before they are whole, so that nobody has to wait for the rest.
UNFINISHED = [
    Case("unfinished head of 17 KiB", b"GET /products HTTP/1.1\r\nX: " + b"a" * 17 * 1024, 431),
    Case("unfinished target", b"GET /" + b"a" * 5 * 1024, 414),
    Case("unfinished head with bare LF", b"GET /products HTTP/1.1\nHost: ficus.test\n", 400),
    Case("chunk that does not end", CHUNKED + b"5\r\nhelloXY", 400),
    Case("unfinished head with NUL", b"GET /products HTTP/1.1\r\nX: \0", 400),
    Case("endless chunk extension", CHUNKED + b"5;" + b"a" * 17_000, 400),
    Case("endless chunk size", CHUNKED + b"0" * 17_000, 400),
]

# Whole and well framed, so that the connection can go on.
REFUSED = [
    Case("malformed timeout", head(b"GET /products HTTP/1.1", b"X-Request-Timeout-Ms: soon"), 400),
    Case("negative timeout", head(b"GET /products HTTP/1.1", b"X-Request-Timeout-Ms: -1"), 400),
    Case("no time left", head(b"GET /products HTTP/1.1", b"X-Request-Timeout-Ms: 5"), 504),
    Case("nobody where somebody is needed", head(b"GET /orders HTTP/1.1"), 401),
    Case("token that is none", head(b"GET /products HTTP/1.1", b"Authorization: Bearer x"), 401),
]

CASES = [*LENGTHS, *CODINGS, *CHUNKS, *HEADS, *LINES, *TARGETS]
