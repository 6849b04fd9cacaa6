#!/usr/bin/python3
"""front.py TARGET: a front before the store on port TARGET that misbehaves.

Prints its own port on 127.0.0.1. Requests go on to the store as they came, so
that their signatures stay the client's own. The first three puts of each key go
wrong, each in another way. GET /front/verdict tells what was stored through it,
and whether a playlist named what was not stored yet.
"""
import http.client
import http.server
import itertools
import socket
import struct
import sys
import threading

TARGET = int(sys.argv[1])
FAULTS = itertools.cycle(["refuse", "reset", "cut", "lose_reply", "slow_down",
                          "error_in_200", "cut_reply"])
FAULTS_OF_A_KEY = 3
ERROR = (b'<?xml version="1.0"?><Error><Code>InternalError</Code>'
         b"<Message>We encountered an internal error.</Message></Error>")
SLOW_DOWN = ERROR.replace(b"InternalError", b"SlowDown")

lock = threading.Lock()
tried, stored, missing = {}, set(), set()
faults = puts = 0


def next_fault(path):
    global faults
    with lock:
        tried[path] = tried.get(path, 0) + 1
        if tried[path] > FAULTS_OF_A_KEY:
            return "none"
        faults += 1
        return next(FAULTS)


def remember(path, body):
    """What the store has said is stored."""
    global puts
    with lock:
        puts += 1
        stored.add(path)
        if not path.endswith(".m3u8"):
            return
        folder = path.rsplit("/", 1)[0]
        gap = False
        for line in body.decode().splitlines():
            if line.startswith("#"):
                gap = gap or line == "#EXT-X-GAP"
            else:
                if not gap and f"{folder}/{line}" not in stored:
                    missing.add(line)
                gap = False


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=(), announced=None):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding",
                                    "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(announced or len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reset(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.connection.close()

    def forward(self, body):
        store = http.client.HTTPConnection("127.0.0.1", TARGET, timeout=60)
        store.putrequest(self.command, self.path, skip_host=True,
                         skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "connection":
                store.putheader(name, value)
        store.endheaders(body)
        reply = store.getresponse()
        text = reply.read()
        store.close()
        if self.command == "PUT" and reply.status == 200:
            remember(self.path.split("?")[0], body)
        return reply.status, text, reply.getheaders()

    def handle_request(self):
        if self.path == "/front/verdict":
            return self.answer(200, f"puts {puts}, faults {faults}, missing "
                               f"{sorted(missing)}".encode())
        size = int(self.headers.get("Content-Length", 0))
        fault = next_fault(self.path) if self.command == "PUT" else "none"
        if fault == "reset":
            return self.reset()
        if fault == "cut":
            self.rfile.read(size // 2)
            return self.reset()
        body = self.rfile.read(size)
        if fault == "refuse":
            return self.answer(503, ERROR)
        if fault == "slow_down":
            return self.answer(503, SLOW_DOWN)
        if fault == "error_in_200":
            return self.answer(200, ERROR)
        status, text, headers = self.forward(body)
        if fault == "lose_reply":
            return self.reset()
        if fault == "cut_reply":
            self.answer(status, text, headers, announced=len(text) + 1)
            return self.reset()
        return self.answer(status, text, headers)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Front)
print(server.server_address[1], flush=True)
server.serve_forever()
