"""What the stores in this folder share: ports, and daemons that end with us."""
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time


def free_ports(count):
    """Ports that were free just now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    numbers = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return numbers


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Daemons(contextlib.AbstractContextManager):
    """Processes that log below `root`; they go when the block ends."""

    def __init__(self, store, root):
        self.store, self.root = store, root
        self.children = []
        signal.pthread_sigmask(signal.SIG_BLOCK,
                               [signal.SIGTERM, signal.SIGINT])

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
        for child in self.children:
            child.wait()

    def start(self, log, *command):
        with open(os.path.join(self.root, log), "wb") as file:
            self.children.append(subprocess.Popen(
                command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, preexec_fn=die_with_parent))

    def wait_for(self, port, answers=connects):
        for _ in range(600):
            if any(child.poll() is not None for child in self.children):
                sys.exit(f"{self.store}: a server ended: see {self.root}/*.log")
            if answers(port):
                return
            time.sleep(0.1)
        sys.exit(f"{self.store}: port {port} does not answer: see "
                 f"{self.root}/*.log")

    def serve(self, port):
        """Tells of the port, and waits to be told to end."""
        print(port, flush=True)
        signal.sigwait([signal.SIGTERM, signal.SIGINT])
