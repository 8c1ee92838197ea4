"""What is read while the service runs, replaced by what cannot be read; and the end of the service."""

import os
import signal
import time

from edges import expect
from wire import ACCESS, CHECK, field, fields, frame


def health(target, name):
    with target.connect() as c:
        answer = c.call(CHECK, frames=[frame(field(1, name))])
        return dict(fields(answer.message)).get(1) if answer.code == "OK" else answer.code


def becomes(target, name, status, seconds):
    end = time.monotonic() + seconds
    while (now := health(target, name)) != status:
        assert time.monotonic() < end, f"health of {name} is {now}, not {status}"
        time.sleep(0.1)


def fifo_in_place_of_the_keys(target):
    """The file of keys becomes a named pipe: known tokens go on, an unknown key is refused at once, health says so, and it heals."""
    path, aside = target.jwks, target.jwks + ".aside"
    os.rename(path, aside)
    os.mkfifo(path)
    try:
        becomes(target, "keys", 2, 8)
        with target.connect() as c:
            expect(c.call(ACCESS, token=target.token), "OK")
            begun = time.monotonic()
            answer = c.call(ACCESS, token=target.unknown_kid)
            assert answer.code in ("UNAUTHENTICATED", "UNAVAILABLE"), answer
            assert time.monotonic() - begun < 4, "a token of an unknown key waits for the pipe"
    finally:
        os.unlink(path)
        os.rename(aside, path)
    becomes(target, "keys", 1, 8)
    target.works()


def stop_with_a_fifo(target):
    """SIGTERM while the file of keys is a named pipe and a stream is open: gone within the time to drain and ten seconds."""
    os.rename(target.jwks, target.jwks + ".aside")
    os.mkfifo(target.jwks)
    try:
        with target.connect(window=1000) as c:
            c.start(ACCESS, frames=[b"\0"], end=False, token=target.token)
            time.sleep(1)
            os.kill(target.pid, signal.SIGTERM)
            end = time.monotonic() + target.drain + 10
            while os.path.exists(f"/proc/{target.pid}") and state(target.pid) != "Z":
                assert time.monotonic() < end, "the service is still there"
                time.sleep(0.1)
    finally:
        os.unlink(target.jwks)
        os.rename(target.jwks + ".aside", target.jwks)


def state(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


ALL = [fifo_in_place_of_the_keys, stop_with_a_fifo]
