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
import held
import http1
import smuggling
import spellings
from wire import ACCESS, CHECK, Connection


class Target:
    """The service, and what its operator has: run.sh says where."""

    def __init__(self, tls):
        env = os.environ
        self.address, self.pid, self.jwks = env["ADDRESS"], int(env["SERVER_PID"]), env["JWKS"]
        self.token, self.other, self.manager = env["TOKEN"], env["OTHER_TOKEN"], env["MANAGER_TOKEN"]
        self.drain = int(env["DRAIN"])
        self.program = env["PROGRAM"]
        assert self.address.startswith("127.0.0.1:"), "loopback only"
        self.tls = self.tls1 = None
        if tls:
            self.tls, self.tls1 = (ssl.create_default_context(cafile=env["CA"]) for _ in range(2))
            self.tls.set_alpn_protocols(["h2"])
            self.tls1.set_alpn_protocols(["http/1.1"])
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
        """A good call of a new caller is answered, by HTTP/2 and by HTTP/1.1, within a few seconds."""
        end = time.monotonic() + 5
        while True:
            try:
                with self.connect(timeout=5) as c:
                    answer, health = c.call(ACCESS, token=self.token, timeout=5), c.call(CHECK, timeout=5)
                resource = http1.exchange(self, http1.request(http1.ACCESS, token=self.token, kept=False))
                if (answer.code, health.code, http1.statuses(resource)) == ("OK", "OK", [200]):
                    return
                answer = (answer, health, resource)
            except (OSError, EOFError) as error:
                answer = error
            assert time.monotonic() < end, f"a good call is not answered: {answer}"
            time.sleep(0.2)

    def memory(self):
        """What the service has in memory, in MiB."""
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024

    def connections(self):
        """How many connections it has open."""
        port = f":{int(self.address.split(':')[1]):04X}"
        count = 0
        with open("/proc/net/tcp") as table:
            for line in table:
                _, local, _, state, *_, inode = line.split()[:10]
                # Without an inode it is the system's alone; 0A is who listens.
                count += local.endswith(port) and state != "0A" and inode not in ("0", "inode")
        return count

    def audit(self):
        """The records of the audit log."""
        out = subprocess.run([self.program, "audit", "export"], check=True, capture_output=True, text=True, timeout=60).stdout
        return [json.loads(line) for line in out.splitlines()]


PLAIN = [held.resting_begin] + edges.ALL + floods.ALL + smuggling.ALL + spellings.ALL + held.ALL + files.ALL
# In TLS, what differs there or is quick; what floods and waits is the same behind the handshake. By its name each can be had.
TLS = [edges.content_types, edges.messages, floods.silent_connections, floods.half_prefaces, floods.rapid_reset,
       smuggling.lengths, smuggling.transfer_codings, smuggling.chunks, smuggling.heads, smuggling.other_methods, smuggling.bodies,
       held.huge_heads, held.broken_off]


def main():
    suite, *names = sys.argv[1:]
    target, failed = Target(suite == "tls"), []
    named = [attack for attack in PLAIN if attack.__name__ in names or attack.__module__ in names]
    assert bool(named) == bool(names), f"no such attack: {names}"
    for attack in named or (TLS if suite == "tls" else PLAIN):
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
