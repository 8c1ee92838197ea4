"""HTTP/1.1 by hand: bytes that are sent as they are, and the answers, each told from the next by its own length."""

import socket
import struct
import time

from wire import NORM

REPORT = "/v1/report-sintetico"
ACCESS = "/v1/accesso"
ROWS = f"/v1/normative/{NORM}/decreti/righe"
FILE = f"/v1/normative/{NORM}/decreti/file?formato=FORMATO_FILE_CSV"
SEARCH = f"/v1/normative/{NORM}/decreti/ricerca/totali"
DOCUMENT = "/openapi.yaml"


class Reply:
    """One answer."""

    def __init__(self, status, version, headers):
        self.status, self.version, self.headers, self.body = status, version, headers, b""

    def __repr__(self):
        return f"{self.version} {self.status} {self.body[:200]!r}"


class Client:
    """One connection. `source`: the loopback address it comes from. `window`: how little its system takes unread, in bytes."""

    def __init__(self, target, source=None, window=None, timeout=5):
        host, port = target.address.split(":")
        self.socket = socket.socket()
        if source:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind((source, 0))
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.settimeout(timeout)
        self.socket.connect((host, int(port)))
        if target.tls1:
            self.socket = target.tls1.wrap_socket(self.socket, server_hostname="localhost")
        self.read, self.ended = b"", False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends it; whether the other end still took it."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def more(self, amount=65536):
        """Reads what comes next; `False`: the connection has ended."""
        try:
            data = self.socket.recv(amount)
        except TimeoutError:
            raise AssertionError(f"nothing comes, and it stays open after {self.read[-200:]!r}") from None
        except OSError:
            data = b""
        self.read += data
        self.ended |= not data
        return bool(data)

    def until(self, text):
        """Everything up to and with this text."""
        while text not in self.read:
            if not self.more():
                raise EOFError
        head, self.read = self.read.split(text, 1)
        return head + text

    def exactly(self, length):
        while len(self.read) < length:
            if not self.more():
                raise EOFError
        taken, self.read = self.read[:length], self.read[length:]
        return taken

    def answer(self, head=False):
        """The next answer, whole; `EOFError`: it breaks off. `None`: the connection has ended instead."""
        while not self.read:
            if not self.more():
                return None
        first, *lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status = first.split(" ")[:2]
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        reply = Reply(int(status), version, headers)
        if head or reply.status in (100, 204, 304):
            return reply
        if headers.get("transfer-encoding") == "chunked":
            while length := int(self.until(b"\r\n"), 16):
                reply.body += self.exactly(length)
                assert self.exactly(2) == b"\r\n"
            while self.until(b"\r\n") != b"\r\n":
                pass
        elif "content-length" in headers:
            reply.body = self.exactly(int(headers["content-length"]))
        else:
            while self.more():
                pass
            reply.body, self.read = self.read, b""
        return reply

    def answers(self):
        """All answers until the other end closes, which it has to do."""
        found = []
        while (reply := self.answer()) is not None:
            found.append(reply)
        return found

    def break_off(self):
        """Leaves with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def request(path, *headers, method="GET", version="1.1", token=None, host="localhost", body=b"", kept=True):
    """The bytes of a request. `host` may be `None`; what is in `headers` stands before it."""
    lines = [f"{method} {path} HTTP/{version}", *headers]
    if host is not None:
        lines.append(f"Host: {host}")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if not kept:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def post(token, *headers, body=b"", kind="application/json"):
    """A search, whose body is what the headers say and `body` has."""
    return request(SEARCH, *headers, f"Content-Type: {kind}", method="POST", token=token, body=body)


def exchange(target, *parts):
    """What a connection answers on which all of this is said, until it is closed."""
    with Client(target) as c:
        for part in parts:
            if not c.send(part):
                break
        return c.answers()


def statuses(replies):
    return [reply.status for reply in replies]


def refused(target, bad, expected, what):
    """One answer with one of these statuses (0: none at all), and what follows on the connection is never taken for a request."""
    expected = {expected} if isinstance(expected, int) else expected
    found = exchange(target, bad, request(ACCESS, token=target.token, kept=False))
    assert len(found) <= 1, f"{what}: {found}"
    assert (found[0].status if found else 0) in expected, f"{what}: {found}, not {expected}"


def served(target, good, expected, what):
    """Answered with these statuses, and what follows on the connection is the next request: its answer is the last."""
    found = exchange(target, good, request(ACCESS, token=target.token, kept=False))
    assert statuses(found) == [*expected, 200] and b'"soggetto"' in found[-1].body, f"{what}: {found}"
    return found


def eventually(what, seconds, holds):
    """Waits until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)
