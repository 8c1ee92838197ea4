"""Requests at the edges of the standards: what is no call, what is half of one, tokens that somebody changed."""

from wire import ACCESS, CHECK, EXPORT, LIST, NORM, WATCH, field, fields, frame

LISTING = frame(field(1, NORM))


def expect(answer, code, reason=None, http="200", what=""):
    assert (answer.http, answer.code) == (http, code), f"{what}: {answer}"
    assert reason in (None, answer.reason), f"{what}: {answer}, not {reason}"


def content_types(target):
    """Anything but application/grpc and +proto: HTTP 415, and nothing is answered."""
    with target.connect() as c:
        for good in ("application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8"):
            expect(c.call(LIST, frames=[LISTING], token=target.token, content_type=good), "OK", what=good)
        for path in (LIST, CHECK, "/no.such/Call"):
            for bad in (None, "", "application/json", "application/grpc+json", "application/grpc-web", "text/html"):
                answer = c.call(path, frames=[LISTING], token=target.token, content_type=bad)
                expect(answer, "INVALID_ARGUMENT", "NOT_GRPC", "415", f"{path} {bad}")


def methods_and_queries(target):
    """Methods other than POST: HTTP 405. A query after the path: UNIMPLEMENTED."""
    with target.connect() as c:
        for method in ("GET", "HEAD", "PUT", "OPTIONS", "TRACE", "FOO"):
            answer = c.call(LIST, frames=[LISTING], token=target.token, method=method)
            expect(answer, "INVALID_ARGUMENT", "NOT_GRPC", "405", method)
            assert answer.headers["allow"] == "POST"
        for path in (LIST + "?", LIST + "?a=b", CHECK + "?x", "/", "/x", LIST + "/", LIST.lower(), "/" + LIST):
            expect(c.call(path, frames=[LISTING], token=target.token), "UNIMPLEMENTED", "CALL_UNKNOWN", what=path)


def encodings(target):
    """A compression that is not read: UNIMPLEMENTED, with the list of those that are. A flag without one: INTERNAL."""
    with target.connect() as c:
        for path in (LIST, CHECK, WATCH):
            for encoding in ("deflate", "br", "snappy", "GZIP", ""):
                answer = c.call(path, frames=[LISTING], token=target.token, headers=[("grpc-encoding", encoding)])
                expect(answer, "UNIMPLEMENTED", "ENCODING_UNSUPPORTED", what=f"{path} {encoding}")
                assert answer.headers["grpc-accept-encoding"] == "identity,gzip,zstd"
            answer = c.call(path, frames=[frame(b"abc", flag=1)], token=target.token)
            expect(answer, "INTERNAL", "COMPRESSED_FLAG_INVALID", what=path)


def messages(target):
    """None, two, half of one, a wrong length: refused, by every kind of call."""
    with target.connect() as c:
        for path in (LIST, EXPORT, CHECK, WATCH, ACCESS):
            for what, frames, code, reason in (
                ("none", [b""], "UNIMPLEMENTED", "MESSAGE_COUNT"),
                ("two", [frame(), frame()], "UNIMPLEMENTED", "MESSAGE_COUNT"),
                ("half", [frame(b"ab", length=9)], "INVALID_ARGUMENT", "MESSAGE_MALFORMED"),
                ("too long", [frame(b"ab", length=1)], "UNIMPLEMENTED", "MESSAGE_COUNT"),
                ("half a prefix", [b"\0\0"], "INVALID_ARGUMENT", "MESSAGE_MALFORMED"),
                ("four gigabytes announced", [frame(b"ab", length=2**32 - 1)], None, None),
            ):
                answer = c.call(path, frames=frames, token=target.token)
                if code:
                    expect(answer, code, reason, what=f"{path} {what}")
                else:
                    assert answer.code in ("OUT_OF_RANGE", "INVALID_ARGUMENT"), f"{path} {what}: {answer}"


def headers(target):
    """Two tokens, no scheme, 16 KiB of token, 200 KiB of headers: refused; the connection, or a new one, goes on."""
    with target.connect() as c:
        bearer = ("authorization", "Bearer " + target.token)
        for lines in ([], [bearer, bearer], [("authorization", target.token)], [("authorization", "Basic eDp5")],
                      [("authorization", "Bearer")], [("authorization", "Bearer  " + target.token)]):
            answer = c.call(LIST, frames=[LISTING], headers=lines)
            assert answer.code == "UNAUTHENTICATED" or lines and lines[0][1].startswith("Bearer  "), f"{lines}: {answer}"
        answer = c.call(LIST, frames=[LISTING], token="x" * 16_000)
        expect(answer, "UNAUTHENTICATED", "TOKEN_INVALID")
    with target.connect() as c:
        answer = c.call(LIST, frames=[LISTING], headers=[(f"x-{n}", "y" * 4000) for n in range(50)])
        assert answer.code is None and (answer.http == "431" or answer.reset is not None or c.goaway is not None), answer
    with target.connect() as c:
        many = [(f"x-{n}", "y") for n in range(200)]
        expect(c.call(LIST, frames=[LISTING], token=target.token, headers=many), "OK")
    target.works()


def tokens(target):
    """A token with one character changed, at 120 places: never let in."""
    token = target.token
    with target.connect() as c:
        for n in range(120):
            at = n * len(token) // 120
            changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
            # The last character of a part may have bits that nobody reads.
            if token[at] == "." or token[at + 1:at + 2] in (".", ""):
                continue
            expect(c.call(ACCESS, token=changed), "UNAUTHENTICATED", what=f"character {at}")
        head, claims, signature = token.split(".")
        for forged in (f"{head}.{claims}.", f"{head}.{claims}", f"{head}.{claims}.{signature}.{signature}", f"..{signature}",
                       f"eyJhbGciOiJub25lIn0.{claims}.", f"{token}\u00a0"):
            expect(c.call(ACCESS, token=forged), "UNAUTHENTICATED", what=forged[:40])


def page_tokens(target):
    """A page token with one character changed or cut off, at every place: INVALID_ARGUMENT."""
    with target.connect() as c:
        page = c.call(LIST, frames=[frame(field(1, NORM) + field(4, 5))], token=target.token)
        expect(page, "OK")
        token = dict(fields(page.message))[2].decode()
        cut = [token[:n] for n in range(1, len(token))] + [token + "A", token + "="]
        changed = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1:] for n in range(len(token))]
        for bad in cut + changed:
            answer = c.call(LIST, frames=[frame(field(1, NORM) + field(4, 5) + field(5, bad))], token=target.token)
            expect(answer, "INVALID_ARGUMENT", "PAGE_TOKEN_INVALID", what=bad)
        again = frame(field(1, NORM) + field(4, 5) + field(5, token))
        expect(c.call(LIST, frames=[again], token=target.token), "OK")


def health_watch(target):
    """Health/Watch of an unknown service: SERVICE_UNKNOWN (3), and the stream stays open. Check: NOT_FOUND."""
    with target.connect() as c:
        request = frame(field(1, "no.such.Service"))
        expect(c.call(CHECK, frames=[request]), "NOT_FOUND")
        stream = c.start(WATCH, frames=[request])
        assert c.pump(lambda: c.answers[stream].data, 3)
        assert dict(fields(c.answers[stream].message)) == {1: 3}, c.answers[stream].data
        assert not c.pump(lambda: c.answers[stream].ended, 0.5)


ALL = [content_types, methods_and_queries, encodings, messages, headers, tokens, page_tokens, health_watch]
