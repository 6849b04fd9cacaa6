#!/usr/bin/python3
"""Serves a directory on a free port of 127.0.0.1, which it prints.

/cut/NAME    half of the file under the length of the whole, then closes
/hang/NAME   the same, but stays silent instead of closing
/live/NAME   the whole file without its length, as a progressive live stream

NAME.status in the directory holds the status to answer NAME with.
"""
import http.server
import os
import sys
import threading

ROOT = sys.argv[1]
TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t",
         ".flv": "video/x-flv", ".mp4": "video/mp4"}


class Handler(http.server.BaseHTTPRequestHandler):
    # libavformat then asks for the next HLS segment in advance.
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = self.path.split("?")[0].lstrip("/").split("/", 1)
        mode = parts[0] if parts[0] in ("cut", "hang", "live") else ""
        name = parts[1] if mode else "/".join(parts)
        try:
            with open(os.path.join(ROOT, name + ".status")) as file:
                self.send_error(int(file.read()))
            return
        except OSError:
            pass
        try:
            with open(os.path.join(ROOT, name), "rb") as file:
                body = file.read()
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        kind = os.path.splitext(name)[1]
        self.send_header("Content-Type", TYPES.get(kind, "video/unknown"))
        if mode == "live":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mode in ("cut", "hang"):
            body = body[:len(body) // 2]
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = True
        if mode == "hang":
            threading.Event().wait()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
