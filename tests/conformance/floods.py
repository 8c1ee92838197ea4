"""What one caller may take from all: connections, streams, places, deadlines, the audit log. Bounded in number and in time."""

import socket
import time

from edges import LISTING, expect
from wire import ACCESS, CHECK, EXPORT, LIST, NORM, REPORT, WATCH, Connection, field, frame

# As run.sh sets them.
PER_ADDRESS, PREFACE_SECONDS, STALL_SECONDS, SHARE = 40, 2, 4, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def closed(sockets, seconds):
    """Whether the other end has closed all of these within so many seconds."""
    end = time.monotonic() + seconds
    for one in sockets:
        try:
            while True:
                one.settimeout(max(end - time.monotonic(), 0.01))
                if not one.recv(4096):
                    break
        except TimeoutError:
            return False
        except OSError:
            pass
    return True


def held(target, first_bytes, count):
    """So many connections that send this and no more: others are served meanwhile, and they are closed in time."""
    sockets = [target.socket() for _ in range(count)]
    try:
        for one in sockets:
            try:
                one.sendall(first_bytes)
            except OSError:
                pass
        target.works()
        assert closed(sockets, PREFACE_SECONDS + 4), f"{first_bytes!r} holds a connection"
    finally:
        for one in sockets:
            one.close()
    target.works()


def silent_connections(target):
    """150 connections that say nothing, where one address may have 40: others are served, and these are closed in time."""
    held(target, b"", 150)


def half_prefaces(target):
    """Connections that stop in the middle of the HTTP/2 preface: closed in time."""
    for first in (PREFACE[:1], PREFACE[:20], PREFACE[:-1]):
        held(target, first, 20)


def other_protocols(target):
    """Half a head of HTTP/1.1, a TLS hello on the plain port, noise: closed, and nobody else notices. A whole head is answered."""
    held(target, b"GET / HTTP/1.1\r\nHost: x\r\n", 5)
    held(target, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100, 5)
    held(target, b"\0" * 1000, 5)
    whole = target.socket()
    whole.sendall(b"GET /v1/report-sintetico HTTP/1.1\r\nHost: x\r\n\r\n")
    whole.settimeout(5)
    assert whole.recv(12) == b"HTTP/1.1 401"
    whole.close()


def malformed_timeouts(target):
    """A grpc-timeout that is not 1 to 8 digits and a unit: INVALID_ARGUMENT."""
    with target.connect() as c:
        for path in (LIST, EXPORT, ACCESS):
            for bad in ("garbage", "", "S", "10", "-1S", "+1S", "1.5S", "1s", "1 S", "123456789S", "1SS", "0x1S", "\u0661S"):
                answer = c.call(path, frames=[LISTING], token=target.token, headers=[("grpc-timeout", bad)])
                expect(answer, "INVALID_ARGUMENT", "INVALID_REQUEST", what=f"{path} {bad!r}")


def short_timeouts(target):
    """A deadline that passes ends every call, streams too, with DEADLINE_EXCEEDED and its details, whether or not they are read."""
    with target.connect() as c:
        for path in (LIST, EXPORT, REPORT):
            for short in ("1n", "1u"):
                answer = c.call(path, frames=[LISTING], token=target.token, headers=[("grpc-timeout", short)])
                expect(answer, "DEADLINE_EXCEEDED", "CALL_DEADLINE", what=f"{path} {short}")
        begun = time.monotonic()
        answer = c.call(WATCH, headers=[("grpc-timeout", "300m")])
        assert answer.code == "DEADLINE_EXCEEDED" and time.monotonic() - begun < 2, answer
    # Behind what is not read the client learns nothing of it, until its stream is reset; the places are free at once.
    with target.connect(window=1000) as c:
        short = [("grpc-timeout", "300m")]
        streams = [c.start(EXPORT, frames=[LISTING], token=target.token, headers=short) for _ in range(SHARE)]
        c.pump(lambda: False, 1.5)
        with target.connect() as again:
            expect(again.call(EXPORT, frames=[LISTING], token=target.token, timeout=30), "OK", what="after the deadlines")
        assert c.pump(lambda: all(c.answers[s].ended for s in streams), 3 * STALL_SECONDS), "streams that nobody reads stay"


def unread_exports(target):
    """Exports that one subject does not read: others still get a place, and what does not move is ended, to be resumed."""
    with target.connect(window=1000) as greedy:
        streams = [greedy.start(EXPORT, frames=[LISTING], token=target.token) for _ in range(2 * SHARE)]
        greedy.pump(lambda: False, 1)
        refused = [greedy.answers[s] for s in streams if greedy.answers[s].ended]
        assert len(refused) == SHARE, f"{len(refused)} of {len(streams)} exports of one subject are refused"
        for answer in refused:
            expect(answer, "RESOURCE_EXHAUSTED", "TOO_MANY_EXPORTS")
        with target.connect() as other:
            expect(other.call(EXPORT, frames=[LISTING], token=target.other, timeout=30), "OK", what="another subject")
        begun = [greedy.answers[s] for s in streams if greedy.answers[s] not in refused]
        greedy.pump(lambda: all(a.ended for a in begun), 3 * STALL_SECONDS + 2)
        for answer in begun:
            assert answer.reset is not None or answer.code == "DEADLINE_EXCEEDED", f"an export that nobody reads: {answer}"
    target.works()


def unread_answers(target):
    """40 connections that ask a thing without a token and take nothing: the answers are given up, and others come in."""
    def ask(c, n):
        return c.start(CHECK) if n % 2 else c.get("/openapi.yaml")
    held = [Connection(target.address, window=0) for _ in range(PER_ADDRESS)]
    try:
        streams = [(c, ask(c, n)) for n, c in enumerate(held)]
        for c, stream in streams:
            c.pump(lambda: c.answers[stream].ended, 3 * STALL_SECONDS + 6)
            assert c.answers[stream].reset is not None, c.answers[stream]
        target.works()
    finally:
        for c in held:
            c.socket.close()


def free_streams(target):
    """Health/Watch needs no token: one address gets a few of them, and the rest is told so."""
    with target.connect() as c:
        streams = [c.start(WATCH) for _ in range(120)]
        c.pump(lambda: False, 1)
        refused = [c.answers[s] for s in streams if c.answers[s].ended]
        assert 60 <= len(refused) < 120, f"{len(refused)} of 120 watches are refused"
        for answer in refused:
            expect(answer, "RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")
    with target.connect() as c:
        expect(c.call(CHECK), "OK")


def rapid_reset(target):
    """2,000 calls that are reset as soon as they are made (CVE-2023-44487): the connection may end, the service goes on."""
    with target.connect() as c:
        try:
            for _ in range(2000):
                stream = c.start(LIST, frames=[], end=False, token=target.token)
                c.h2.reset_stream(stream, 8)
                c.flush()
        except OSError:
            pass
        c.pump(lambda: False, 0.5)
    target.works()


def endless_headers(target):
    """A header block that does not end (CVE-2024-27316), 4 MiB of it: the connection is ended."""
    with target.socket() as one:
        one.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
        one.sendall(b"\0\0\1\1\0\0\0\0\1\x82")
        chunk = b"\0\x40\0\x09\0\0\0\0\1" + (b"\x40\x01x\x7f\x80\x7e" + b"y" * 0x3FFA)[:0x4000]
        try:
            for _ in range(256):
                one.sendall(chunk)
        except OSError:
            pass
        assert closed([one], 5), "an endless header block holds a connection"
    target.works()


def control_frames(target):
    """20,000 PINGs and 5,000 SETTINGS on one connection: the service goes on."""
    for one, count in ((b"\0\0\x08\6\0\0\0\0\0" + b"12345678", 20_000), (b"\0\0\0\4\0\0\0\0\0", 5_000)):
        with target.socket() as raw:
            raw.settimeout(5)
            try:
                raw.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
                for _ in range(count // 100):
                    raw.sendall(one * 100)
            except OSError:
                pass
            target.works()


def refused_calls(target):
    """3,000 calls without a token: each is told why, few have a record of their own, and the log counts every one."""
    before = target.audit()
    calls = 3000
    for _ in range(calls // 250):
        with target.connect() as c:
            streams = [c.start(LIST, frames=[LISTING]) for _ in range(250)]
            assert c.pump(lambda: all(c.answers[s].ended for s in streams), 20)
            for stream in streams:
                expect(c.answers[stream], "UNAUTHENTICATED", "TOKEN_MISSING")
    end = time.monotonic() + 15
    while True:
        records = target.audit()[len(before):]
        refused = [r for r in records if r.get("motivo") == "ERROR_REASON_TOKEN_MISSING"]
        counted = sum(r.get("quante", 1) for r in refused)
        if counted == calls or time.monotonic() > end:
            break
        time.sleep(1)
    assert counted == calls, f"{counted} of {calls} refused calls are in the log"
    assert len(refused) < calls // 10, f"{len(refused)} records of {calls} refused calls"


ALL = [silent_connections, half_prefaces, other_protocols, malformed_timeouts, short_timeouts, unread_exports, unread_answers,
       free_streams, rapid_reset, endless_headers, control_frames, refused_calls]
