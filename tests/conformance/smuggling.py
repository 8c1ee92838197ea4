"""Requests of HTTP/1.1 of which a proxy in front could read something else than the service: where a body ends, whose it is, what is
asked. Either the request is refused and ends its connection, or it has one reading only and the next request is answered."""

from http1 import ACCESS, SEARCH, Client, exchange, post, refused, request, served, statuses
from wire import NORM

CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"


def recorded(target, rpc):
    """How many records there are of a call."""
    return sum(r.get("rpc") == rpc for r in target.audit())


def lengths(target):
    """Lengths that differ, are signed, hexadecimal, lists or too large: 400 or 431. One that is said twice is one."""
    token = target.token
    for good in (["2"], ["2", "2"], ["02"]):
        served(target, post(token, *(f"Content-Length: {n}" for n in good), body=b"{}"), [200], f"lengths {good}")
    for bad in (["2", "3"], ["3", "2"], ["+2"], ["-2"], ["0x2"], ["2, 2"], ["2,3"], ["0 2"], ["2 x"], [""], ["2.0"], ["2e0"], ["\xb2"],
                ["9" * 30], [str(2**64 - 1)], [str(2**64)], ["2", ""]):
        data = post(token, *(f"Content-Length: {n}" for n in bad), body=b"{}")
        refused(target, data, {400, 431}, f"lengths {bad}")
    for name in ("Content-Length ", "Content-Length\t", " Content-Length", "Content-Length\0", "Content\rLength"):
        refused(target, post(token, f"{name}: 2", body=b"{}"), 400, repr(name))
    # A name of its own, which says nothing of the body.
    served(target, post(token, "Content_Length: 50", "Content-Length: 2", body=b"{}"), [200], "underscore")


def transfer_codings(target):
    """What is not `chunked` alone, once: 501 or 400. With a length besides, the chunks count and the connection ends."""
    token = target.token
    for good in ("chunked", "Chunked", "CHUNKED", "\tchunked", "chunked \t"):
        served(target, post(token, f"Transfer-Encoding: {good}", body=CHUNKS), [200], f"coding {good!r}")
    for bad in (["xchunked"], ["chunked, identity"], ["identity, chunked"], ["gzip, chunked"], ["chunked, chunked"], [", chunked"],
                ["chunked,"], ["chunked;q=1"], ['"chunked"'], [""], ["identity"], ["chunked", "chunked"], ["chunked", "identity"],
                ["identity", "chunked"], ["x", "chunked"], ["\x0bchunked"], ["\xa0chunked"], ["chunked\x00"], ["chun\rked"]):
        data = post(token, *(f"Transfer-Encoding: {coding}" for coding in bad), body=CHUNKS)
        refused(target, data, {400, 501}, f"codings {bad}")
    for name in ("Transfer-Encoding ", "Transfer-Encoding\t", " Transfer-Encoding", "Transfer-Encoding\x0b", "X: y\r\n\tTransfer-Encoding"):
        refused(target, post(token, f"{name}: chunked", body=CHUNKS), 400, repr(name))
    old = request(SEARCH, "Transfer-Encoding: chunked", "Content-Type: application/json", method="POST", version="1.0", token=token)
    refused(target, old + CHUNKS, 400, "chunks in HTTP/1.0")
    both = [f"Content-Length: {len(CHUNKS)}", "Transfer-Encoding: chunked"]
    for lines in (both, both[::-1], [both[0], *both], ["Content-Length: 2", both[1]]):
        refused(target, post(token, *lines, body=CHUNKS), {200, 400}, f"both: {lines}")
    refused(target, post(token, "Content-Length: 5", "Transfer-Encoding: identity", body=b"{}   "), {400, 501}, "a coding and a length")


def chunks(target):
    """Sizes that are none, too large, without an end, with much behind them: 400, or 413 where the body is larger than a request may be."""
    token = target.token
    for good in (b"2\r\n{}\r\n0\r\n\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"002\r\n{}\r\n00\r\n\r\n", b"2;a=b\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n",
                 b"2\r\n{}\r\n0\r\nx: y\r\n\r\n", b"2\r\n{}\r\n0\r\nContent-Length: 99\r\nTransfer-Encoding: x\r\n\r\n"):
        served(target, post(token, "Transfer-Encoding: chunked", body=good), [200], f"chunks {good}")
    for bad in (b"-2\r\n{}\r\n0\r\n\r\n", b"+2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b" 2\r\n{}\r\n0\r\n\r\n", b"\r\n{}\r\n0\r\n\r\n",
                b"2\n{}\n0\n\n", b"2\r{}\r0\r\r", b"2\r\n{}0\r\n\r\n", b"2\r\n{}x\r\n0\r\n\r\n", b"2\r\n{}  \r\n0\r\n\r\n", b"g\r\n{}\r\n0\r\n\r\n",
                b"1" * 17 + b"\r\n{}\r\n0\r\n\r\n", b"2;a\nb\r\n{}\r\n0\r\n\r\n", b"2;" + b"a" * 2_000_000, b"2\r\n{}\r\n0\r\n" + b"x: y\r\n" * 10_000,
                b"2\r\n{}\r\n0\r\nx: " + b"y" * 2_000_000, b"2\r\n{}\r\n0\r\nx: y\nz\r\n\r\n", b"2 2\r\n{}\r\n0\r\n\r\n"):
        refused(target, post(token, "Transfer-Encoding: chunked", body=bad), 400, f"chunks {bad[:30]}")
    # Chunk after chunk, of one byte or of many, and no last one.
    for one in (b"1\r\n \r\n", b"4000\r\n" + b" " * 0x4000 + b"\r\n"):
        refused(target, post(token, "Transfer-Encoding: chunked", body=one * (2_000_000 // len(one))), 413, f"endless {one[:10]}")
    # What a trailer says is not said by the request.
    late = request(SEARCH, "Transfer-Encoding: chunked", "Content-Type: application/json", method="POST")
    late += b"2\r\n{}\r\n0\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
    served(target, late, [401], "a token in a trailer")


def heads(target):
    """Folded lines, a CR or LF or NUL in a value, a line that is no request, versions there are not: 400. LF alone ends a line."""
    token = target.token
    good = request(ACCESS, "X: y", token=token)
    served(target, good.replace(b"\r\n", b"\n"), [200], "LF")
    served(target, b"\r\n\r\n" + good, [200], "empty lines first")
    for bad in ("X: y\r\n z", "X: y\r\n\tz", "X:\r\n Transfer-Encoding: chunked", "X: a\rb", "X: a\0b", "X: a\x7fb", "X", ": y", " X: y", "X y: z",
                "X\0: y", "(X): y", "X\xe9: y", "X: y\r\r\n"):
        refused(target, request(ACCESS, bad, token=token), 400, repr(bad))
    for line in (b"GET " + ACCESS.encode(), b"GET", b"", b"\0\1\2\3", b"GET  /status HTTP/1.1", b"GET\t/status\tHTTP/1.1", b"GET /sta tus HTTP/1.1",
                 b"GET /status HTTP/1.1 x", b"GET /status HTTP/1.2", b"GET /status HTTP/2.0", b"GET /status HTTP/0.9", b"GET /status http/1.1",
                 b"GET /status HTTP/1.1\r", b"G\xe9T /status HTTP/1.1", b"GET /status\x7f HTTP/1.1", b" GET /status HTTP/1.1", b"GET:/status HTTP/1.1",
                 b"POST / HTTP/1.1 HTTP/1.1", b"PRI * HTTP/2.0", b"<xml/>", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
        rest = b"\r\nHost: localhost\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
        refused(target, line + rest, {0, 400}, repr(line))


def hosts(target):
    """No Host, two, one that is none: 400. A whole URL as the target is the path in it."""
    served(target, request("/status", host="a_b.example:1"), [200], "a name")
    for host in (None, "", "a b", "a/b", "u@a", "a:b", "a,b", "http://a", "[::1", "a\tb", "a\0b"):
        refused(target, request("/status", host=host), 400, f"host {host!r}")
    refused(target, request("/status", "Host: localhost"), 400, "twice the same")
    refused(target, request("/status", "Host: other"), 400, "two")
    refused(target, request("/status", "Host : localhost", host=None), 400, "a blank before the colon")
    for url in ("http://localhost/status", "https://other.example/status", "HTTP://a:99/status"):
        served(target, request(url), [200], url)
    for url in ("ftp://a/status", "http://u:p@a/status", "http:/status", "http:///status", "file:///etc/passwd"):
        refused(target, request(url), 400, url)


def other_methods(target):
    """CONNECT, TRACE, OPTIONS and the like get 404 or 405: nothing is tunnelled, echoed or switched. No upgrade is taken up."""
    for method, path in (("CONNECT", "localhost:80"), ("CONNECT", "/"), ("TRACE", ACCESS), ("TRACE", "/"), ("OPTIONS", "*"), ("PUT", ACCESS),
                         ("DELETE", ACCESS), ("PATCH", ACCESS), ("get", ACCESS), ("GETT", ACCESS), ("A" * 3000, ACCESS)):
        data = request(path, "X-Secret: canary", method=method, token=target.token)
        found = exchange(target, data, request(ACCESS, token=target.token, kept=False))
        assert found[0].status in (404, 405) and b"canary" not in found[0].body, f"{method} {path}: {found}"
        assert statuses(found[1:]) == [200], f"{method} {path}: {found}"
    for lines in (["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"],
                  ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="],
                  ["Upgrade: TLS/1.0"]):
        served(target, request(ACCESS, *lines, token=target.token), [200], lines)
    # A connection is of the one or of the other from its first byte on.
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
    found = exchange(target, request(ACCESS, "Connection: Upgrade", "Upgrade: h2c", token=target.token), preface)
    assert statuses(found)[:1] == [200] and statuses(found)[1:] in ([], [400]), found
    found = exchange(target, preface[:20] + request(ACCESS, token=target.token, kept=False))
    assert statuses(found) in ([], [400]), found


def bodies(target):
    """The body of a request that is refused, or has none, is never the next request; a HEAD has no body in its answer."""
    token = target.token
    inner = request(f"/v1/normative/{NORM}/decreti?page_size=1", token=token)
    before = recorded(target, "DecreeService/ListDecrees")
    for times in (1, 500):
        body = inner * times
        length = f"Content-Length: {len(body)}"
        for what, data, status in (
            ("a GET", request(ACCESS, length, token=token, body=body), 200),
            ("no such resource", request("/v1/no", length, "Content-Type: application/json", method="POST", token=token, body=body), 404),
            ("another method", request(ACCESS, length, method="DELETE", token=token, body=body), 405),
            ("another type", post(token, length, body=body, kind="text/plain"), 415),
            ("no JSON", post(token, length, body=body), 400 if times == 1 else 413),
            ("chunks", request("/v1/no", "Transfer-Encoding: chunked", method="POST", body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)), 404),
        ):
            found = exchange(target, data, request(ACCESS, token=token, kept=False))
            assert statuses(found) in ([status], [status, 200]), f"{what} × {times}: {found}"
        # Half of it, and no more.
        found = exchange(target, request(ACCESS, length, token=token, kept=False), body[:-3])
        assert statuses(found) == [200], found
    after = recorded(target, "DecreeService/ListDecrees")
    assert after == before, f"{after - before} requests in bodies were answered"
    with Client(target) as c:
        c.send(request(ACCESS, "Content-Length: 2", method="HEAD", token=token, body=b"ab") + request(ACCESS, token=token, kept=False))
        head, get = c.answer(head=True), c.answer()
        assert (head.status, get.status, c.answer()) == (200, 200, None)
        assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


def expectations(target):
    """Expect: 100-continue gets its 100 where the body is read, and no 100 where the head alone is refused."""
    token = target.token
    data = post(token, "Expect: 100-continue", "Content-Length: 2")
    with Client(target) as c:
        c.send(data)
        assert c.answer().status == 100
        c.send(b"{}" + request(ACCESS, token=token, kept=False))
        assert statuses(c.answers()) == [200, 200]
    for lines, kind, status in ((["Content-Length: 2"], "text/plain", 415), (["Transfer-Encoding: chunked", "Host: b"], "application/json", 400)):
        found = exchange(target, post(token, "Expect: 100-continue", *lines, kind=kind))
        assert statuses(found) == [status], f"{lines}: {found}"
    with Client(target) as c:
        c.send(post(token, "Expect: 100-continue", "Content-Length: 99"))
        assert statuses(c.answers()) == [100, 408], "a body that was expected and does not come"


ALL = [lengths, transfer_codings, chunks, heads, hosts, other_methods, bodies, expectations]
