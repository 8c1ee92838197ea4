"""What one client of HTTP/1.1 may hold: connections, memory, places of exports. Bounded in number and in time."""

import resource
import time

from floods import PER_ADDRESS, PREFACE_SECONDS, SHARE, STALL_SECONDS
from http1 import ACCESS, DOCUMENT, ROWS, Client, eventually, exchange, post, request, statuses

# In the program: on HTTP/1.1 the next head comes within this, or the connection ends.
HEAD_SECONDS = 30
# Connections in all: a default of the program.
CONNECTIONS = 1000
# What the service may need more than before, in MiB: it is as much for ten clients as for a thousand.
MEMORY = 48
# Little, so that the systems between keep little.
SMALL = 4096


class Holding:
    """Connections, and what the service had before them: afterwards it has that again."""

    def __init__(self, target):
        self.target, self.clients = target, []
        self.connections, self.memory = target.connections(), target.memory()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.socket.close()

    def open(self, count=1, **how):
        """So many more; those that could be opened."""
        new = []
        for _ in range(count):
            try:
                new.append(Client(self.target, **how))
            except OSError:
                # Turned away at the door.
                pass
        self.clients += new
        return new

    def bounded(self):
        """Others are answered meanwhile, and memory does not grow with what is sent."""
        self.target.works()
        grown = self.target.memory() - self.memory
        assert grown < MEMORY, f"the service grew by {grown} MiB"

    def let_go(self, seconds):
        """The service has closed all of them by itself."""
        eventually("connections are held", seconds, lambda: self.target.connections() <= self.connections)
        self.bounded()


def huge_heads(target):
    """10,000 headers, a header or a target of a megabyte: 431, or 414, and the end. 60 headers, or 30 KB of them, are taken."""
    token = target.token
    for good in ([f"X-{n}: y" for n in range(60)], ["X: " + "y" * 30_000]):
        assert statuses(exchange(target, request(ACCESS, *good, token=token, kept=False))) == [200], good[0][:20]
    with Holding(target) as held:
        for bad in (request(ACCESS, *(f"X-{n}: y" for n in range(10_000)), token=token), request(ACCESS, *(["X: y"] * 10_000), token=token),
                    request(ACCESS, "X: " + "y" * 1_000_000, token=token), request(ACCESS, "y" * 1_000_000 + ": x", token=token),
                    request("/" + "y" * 1_000_000, token=token), request(f"{ACCESS}?{'y=1&' * 250_000}", token=token),
                    request(ACCESS, method="Y" * 1_000_000, token=token), b"\r\n" * 500_000):
            found = exchange(target, bad)
            # Where the rest is still on its way when the connection closes, the system of the client may keep the answer to itself.
            assert statuses(found) in ([], [414], [431], [400]), f"{bad[:40]}: {found}"
        held.let_go(3)


def slow_heads(target):
    """A byte now and then, no end: the first head has its time, and no more. Others are served meanwhile."""
    with Holding(target) as held:
        slow = held.open(20)
        head = request(ACCESS, token=target.token)
        begun, sent = time.monotonic(), 0
        while time.monotonic() - begun < PREFACE_SECONDS + 1:
            for c in slow:
                c.send(head[sent:sent + 1])
            sent += 1
            time.sleep(0.1)
        held.let_go(3)


def slow_bodies(target):
    """A body that comes byte by byte, in one length or in chunks: 408, and the end."""
    with Holding(target) as held:
        whole, parts = held.open(10), held.open(10)
        for c in whole:
            c.send(post(target.token, "Content-Length: 100"))
        for c in parts:
            c.send(post(target.token, "Transfer-Encoding: chunked"))
        held.bounded()
        begun = time.monotonic()
        while time.monotonic() - begun < PREFACE_SECONDS + 0.5:
            for c in whole:
                c.send(b" ")
            for c in parts:
                c.send(b"1\r\n \r\n")
            time.sleep(0.1)
        for c in whole + parts:
            assert statuses(c.answers()) == [408]
        held.let_go(3)


def slow_answers(target):
    """A client that pipelines, and reads what comes slowly: every answer is whole and in its place."""
    with Client(target, window=SMALL) as c:
        c.send(request(DOCUMENT) + (request(ACCESS, token=target.token) + request("/status")) * 30 + request(DOCUMENT, kept=False))
        begun, more = time.monotonic(), c.more

        def slowly():
            time.sleep(0.02 if time.monotonic() - begun < 1.5 else 0)
            return more(2048)

        c.more = slowly
        found = c.answers()
        assert statuses(found) == [200] * 62 and found[0].body == found[-1].body, statuses(found)
        assert len({reply.body for reply in found[1:-1:2]}) == 1 and b'"soggetto"' in found[1].body


def unread(target):
    """Answers that nobody reads, of 1,000 requests on each of 24 connections, and streams of rows: no more is made than is taken, the places of
    the streams come back, all are closed in time. Another subject has its own places meanwhile."""
    with Holding(target) as held:
        # The places first: they come back by themselves, and what follows may take its time.
        for c in held.open(SHARE, window=SMALL):
            c.socket.settimeout(0.2)
            # Enough for one that finds its place taken by the question below.
            c.send(request(ROWS, token=target.token) * 100)
        time.sleep(1)
        own = request(ROWS, token=target.token, kept=False)
        eventually("no place is taken", STALL_SECONDS, lambda: statuses(exchange(target, own)) == [503])
        for n, c in enumerate(held.open(24, window=SMALL)):
            c.socket.settimeout(0.2)
            # As many as the systems between take.
            c.send(request(DOCUMENT if n % 2 else "/openapi.json") * 1000)
        assert statuses(exchange(target, request(ROWS, token=target.other, kept=False))) == [200], "another subject"
        held.bounded()
        eventually("the places do not come back", 5 * STALL_SECONDS, lambda: statuses(exchange(target, own)) == [200])
        held.let_go(10 * STALL_SECONDS)
    ends = [r["esito"] for r in target.audit() if r.get("rpc") == "DecreeService/ExportDecrees" and r["tipo"] == "FINE"]
    assert ends.count("DEADLINE_EXCEEDED") >= SHARE, ends[-20:]


def broken_off(target):
    """A reset in the middle of a stream gives its place back at once, again and again, and the log says so."""
    begun = len(target.audit())
    with Holding(target) as held:
        for _ in range(3):
            clients = held.open(SHARE, window=SMALL)
            for c in clients:
                c.send(request(ROWS, token=target.token) * 8)
                assert c.until(b"\r\n").startswith(b"HTTP/1.1 200"), "its place is taken"
            time.sleep(0.3)
            for c in clients:
                c.break_off()
            own = request(ROWS, token=target.token, kept=False)
            eventually("a place is held", 3, lambda: statuses(exchange(target, own)) == [200])
            eventually("a connection is held", 3, lambda: target.connections() <= held.connections)
        held.let_go(3)
    ends = [r["esito"] for r in target.audit()[begun:] if r["tipo"] == "FINE"]
    assert ends.count("CANCELLED") >= 3, ends


def idle_connections(target):
    """1,000 connections of 50 addresses that rest after an answer: others come in, one address has its 40, and memory is bounded."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The service has as many as its files allow, and so have we.
    each = min(CONNECTIONS, hard // 2) // 50
    with Holding(target) as held:
        for address in range(50):
            for c in held.open(each, source=f"127.0.1.{address + 1}"):
                c.send(request("/status"))
                assert c.answer().status == 200
            target.works()
        assert len(held.clients) == 50 * each, f"{len(held.clients)} came in"
        for _ in range(10):
            assert statuses(exchange(target, request("/status", kept=False))) == [200]
        eventually("more than there may be", 5, lambda: target.connections() - held.connections <= CONNECTIONS)
        # A resting connection goes on where it was, unless it made room.
        last = held.clients[-each:]
        assert all(c.send(request("/status", kept=False)) and statuses(c.answers()) == [200] for c in last)
        held.bounded()
    eventually("connections stay", 10, lambda: target.connections() <= held.connections)
    with Holding(target) as held:
        for c in held.open(150, source="127.0.2.1"):
            c.send(request("/status"))
        eventually("one address has more than its share", 5, lambda: target.connections() - held.connections <= PER_ADDRESS)
        held.bounded()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resting_begin(target):
    """Connections that were answered and say nothing, or begin another head and do not end it, are served again at first …"""
    target.resting = Holding(target)
    idle, slow, again = (target.resting.open(3, source="127.0.3.1") for _ in range(3))
    for c in idle + slow + again:
        c.send(request("/status"))
        assert c.answer().status == 200
    for c in slow:
        c.send(b"GET /status HTTP/1.1\r\nX:")
    for c in again:
        c.send(request("/status"))
        assert c.answer().status == 200
    target.resting_since = time.monotonic()


def resting_end(target):
    """… and closed in time, while others go on."""
    if not hasattr(target, "resting"):
        resting_begin(target)
    with target.resting as held:
        time.sleep(max(0, target.resting_since + HEAD_SECONDS - time.monotonic()))
        for c in held.clients:
            c.socket.settimeout(8)
            assert c.answers() == [], "it rests for ever"
        held.let_go(3)


# After `resting_begin`, which is the first attack of all: what rests waits while others attack.
ALL = [huge_heads, slow_heads, slow_bodies, slow_answers, unread, broken_off, resting_end, idle_connections]
