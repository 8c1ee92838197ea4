"""The attacks, one after the other, against a service on loopback: attack.py plain|tls [attack or module …]

Each is bounded in number and in time, says in its docstring what is expected, and is followed by the question whether the service
still works. The exit code is 1 if one of them found something else."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import traceback

import edges
import files
import floods
from wire import ACCESS, CHECK, Connection


class Target:
    """The service, and what its operator has: run.sh says where."""

    def __init__(self, tls):
        env = os.environ
        self.address, self.pid, self.jwks = env["ADDRESS"], int(env["SERVER_PID"]), env["JWKS"]
        self.token, self.other, self.drain = env["TOKEN"], env["OTHER_TOKEN"], int(env["DRAIN"])
        self.program = env["PROGRAM"]
        assert self.address.startswith("127.0.0.1:"), "loopback only"
        self.tls = None
        if tls:
            self.tls = ssl.create_default_context(cafile=env["CA"])
            self.tls.set_alpn_protocols(["h2"])
        head, claims, signature = self.token.split(".")
        header = json.loads(base64.urlsafe_b64decode(head + "=="))
        header["kid"] = "nobody-knows-it"
        head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
        self.unknown_kid = f"{head}.{claims}.{signature}"

    def socket(self):
        """A connection that says nothing of itself; in TLS, after the handshake."""
        host, port = self.address.split(":")
        plain = socket.create_connection((host, int(port)), timeout=5)
        if not self.tls:
            return plain
        try:
            return self.tls.wrap_socket(plain, server_hostname="localhost")
        except OSError:
            # Turned away at the door.
            return plain

    def connect(self, **how):
        return Connection(self.address, tls=self.tls, **how)

    def works(self):
        """A good call of a new caller is answered, within a few seconds."""
        end = time.monotonic() + 5
        while True:
            try:
                with self.connect(timeout=5) as c:
                    answer, health = c.call(ACCESS, token=self.token, timeout=5), c.call(CHECK, timeout=5)
                    if (answer.code, health.code) == ("OK", "OK"):
                        return
            except OSError as error:
                answer = error
            assert time.monotonic() < end, f"a good call is not answered: {answer}"
            time.sleep(0.2)

    def audit(self):
        """The records of the audit log."""
        out = subprocess.run([self.program, "audit", "export"], check=True, capture_output=True, text=True, timeout=60).stdout
        return [json.loads(line) for line in out.splitlines()]


# In TLS, what differs there; the floods of streams are the same behind the handshake.
SUITES = {
    "plain": edges.ALL + floods.ALL + files.ALL,
    "tls": [edges.content_types, edges.messages, floods.silent_connections, floods.half_prefaces, floods.rapid_reset],
}


def main():
    suite, *names = sys.argv[1:]
    target, failed = Target(suite == "tls"), []
    for attack in SUITES[suite]:
        if names and attack.__name__ not in names and attack.__module__ not in names:
            continue
        begun = time.monotonic()
        try:
            attack(target)
            if attack is not files.stop_with_a_fifo:
                target.works()
            print(f"ok      {suite}: {attack.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception as error:
            failed.append(attack.__name__)
            print(f"FAILED  {suite}: {attack.__name__}: {attack.__doc__}\n        {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
    sys.exit(1 if failed else 0)


main()
