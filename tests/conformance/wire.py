"""A gRPC client that does what it is told, right or wrong: frames by hand, over one connection."""

import base64
import re
import socket
import ssl
import struct
import time

import h2.config
import h2.connection
import h2.events
import h2.settings

PACKAGE = "/inps.omnia.monitoraggio.v1"
LIST = PACKAGE + ".DecreeService/ListDecrees"
EXPORT = PACKAGE + ".DecreeService/ExportDecrees"
REPORT = PACKAGE + ".ReportService/GetReportSintetico"
ACCESS = PACKAGE + ".AccessService/GetMyAccess"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
NORM = "DL109-2018-ART44"
CODES = {0: "OK", 1: "CANCELLED", 2: "UNKNOWN", 3: "INVALID_ARGUMENT", 4: "DEADLINE_EXCEEDED", 5: "NOT_FOUND",
         7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 9: "FAILED_PRECONDITION", 11: "OUT_OF_RANGE",
         12: "UNIMPLEMENTED", 13: "INTERNAL", 14: "UNAVAILABLE", 15: "DATA_LOSS", 16: "UNAUTHENTICATED"}


def field(number, value):
    """One field of a message: a text, bytes, or a number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def fields(message):
    """The fields of a message, one level deep: (number, value)."""
    at = 0
    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
        else:
            length = number()
            yield tag >> 3, message[at:at + length]
            at += length


def frame(message=b"", flag=0, length=None):
    """A length-prefixed message."""
    return struct.pack(">BI", flag, len(message) if length is None else length) + message


class Answer:
    """What came back on one stream."""

    def __init__(self):
        self.http, self.headers, self.data, self.reset, self.ended = None, {}, b"", None, False

    @property
    def code(self):
        status = self.headers.get("grpc-status")
        return CODES.get(int(status), status) if status is not None else None

    @property
    def reason(self):
        details = self.headers.get("grpc-status-details-bin", "")
        raw = base64.b64decode(details + "=" * (-len(details) % 4))
        found = re.search(rb"ERROR_REASON_([A-Z0-9_]+)", raw)
        return found.group(1).decode() if found else None

    @property
    def message(self):
        return self.data[5:]

    def __repr__(self):
        return f"HTTP {self.http} {self.code} {self.reason} reset={self.reset} {len(self.data)} bytes"


class Connection:
    """One HTTP/2 connection. `window`: what it reads ahead."""

    def __init__(self, address, tls=None, window=None, timeout=10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        config = h2.config.H2Configuration(client_side=True, validate_outbound_headers=False,
                                           normalize_outbound_headers=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.hungry = window is None
        self.answers, self.goaway, self.closed, self.acknowledged = {}, None, False, 0
        self.h2.initiate_connection()
        self.flush()
        if window is not None:
            self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
            self.flush()
            self.pump(lambda: self.acknowledged == 2, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def start(self, path, frames=(frame(),), token=None, headers=(), method="POST",
              content_type="application/grpc", end=True):
        """Begins a call; the number of its stream."""
        lines = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("te", "trailers")]
        if content_type is not None:
            lines.append(("content-type", content_type))
        if token:
            lines.append(("authorization", "Bearer " + token))
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        frames = list(frames)
        self.h2.send_headers(stream, lines + list(headers), end_stream=end and not frames)
        for place, data in enumerate(frames):
            self.h2.send_data(stream, data, end_stream=end and place == len(frames) - 1)
        self.flush()
        return stream

    def get(self, path):
        """Begins a GET; the number of its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        lines = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        self.h2.send_headers(stream, lines, end_stream=True)
        self.flush()
        return stream

    def pump(self, until, timeout=10):
        """Reads until `until()` says enough, the connection ends, or the time is over; whether it said enough."""
        end = time.monotonic() + timeout
        while not until() and not self.closed:
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                return False
            except OSError:
                data = b""
            if not data:
                self.closed = True
                break
            for event in self.h2.receive_data(data):
                self.take(event)
            try:
                self.flush()
            except OSError:
                self.closed = True
        return until()

    def take(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code
        elif isinstance(event, h2.events.SettingsAcknowledged):
            self.acknowledged += 1
        elif answer is None:
            return
        elif isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            headers = dict(event.headers)
            answer.http = headers.get(":status", answer.http)
            answer.headers.update(headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.data += event.data
            if self.hungry:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            answer.ended = True
        elif isinstance(event, h2.events.StreamReset):
            answer.reset, answer.ended = event.error_code, True

    def wait(self, stream, timeout=10):
        answer = self.answers[stream]
        self.pump(lambda: answer.ended, timeout)
        return answer

    def call(self, path, timeout=10, **how):
        """One call, to its end."""
        return self.wait(self.start(path, **how), timeout)
