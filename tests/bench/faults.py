#!/usr/bin/env python3
"""What a web server that misbehaves makes of recordings by ffmpeg and hlsrec.

    tests/bench/faults.py --hlsrec build/release/tools/hlsrec/hlsrec [--smoke]

Both record the same 24 seconds in real time to a server of this script, which
goes wrong in the same way for each; all runs go on at once, which takes a
minute. Judged is what the server stored, and when: pictures of the input that
are in no segment of the last playlist (lost), segments that a stored playlist
named before, or without, their being stored (missing), and pictures that the
last playlist has more than once. Prints a table.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SECONDS, FPS, SEGMENT = 24, 25, 2
VICTIM = 3          # the segment that goes wrong
LONGEST_RUN = 90    # seconds
QUIET = ["ffmpeg", "-nostdin", "-y", "-loglevel", "quiet"]


class Script:
    """What goes wrong: `kind`, the first `times` puts of the victim, or
    everything for `seconds` from when it is first put."""

    def __init__(self, title, kind="none", times=1, seconds=0, playlist=False):
        self.title, self.kind, self.times = title, kind, times
        self.seconds, self.playlist = seconds, playlist

    def is_victim(self, path):
        if self.playlist:
            return path.endswith(".m3u8")
        return re.search(rf"[^\d]0*{VICTIM}\.ts$", path) is not None


SCRIPTS = [
    Script("nothing"),
    Script("a segment: 503 once", "503"),
    Script("a segment: 503 three times", "503", times=3),
    Script("a segment: no reply, nothing stored", "stall"),
    Script("a segment: reset in mid-body", "reset"),
    Script("a segment: stored, reply lost", "lose_reply"),
    Script("the playlist: 503 three times", "503", times=3, playlist=True),
    Script("the server is away for 7 s", "away", seconds=7),
]


class Server:
    """HTTP/1.1 with connections that are kept, objects in memory."""

    def __init__(self, script):
        self.script = script
        self.lock = threading.Lock()
        self.tried = collections.Counter()
        self.away_until = None
        self.objects = {}
        self.log = []  # (time, path, bytes), as stored
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def is_away(self):
        return (self.away_until is not None and
                time.monotonic() < self.away_until)

    def serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while not self.is_away() and self.serve_one(connection, stream):
                pass
        except (OSError, ValueError):
            pass
        # A reset, not an end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        stream.close()
        connection.close()

    def fault_of(self, method, path):
        if method not in ("PUT", "POST") or not self.script.is_victim(path):
            return "none"
        with self.lock:
            self.tried[path] += 1
            if self.script.kind == "away" and self.away_until is None:
                self.away_until = time.monotonic() + self.script.seconds
            whole = sum(self.tried.values())
        count = whole if self.script.playlist else self.tried[path]
        return self.script.kind if count <= self.script.times else "none"

    def serve_one(self, connection, stream):
        """False: the connection ends."""
        words = stream.readline().split()
        if len(words) < 3:
            return False
        method, path = words[0].decode(), words[1].decode()
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        fault = self.fault_of(method, path)
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.read_body(stream, headers, cut=fault == "reset")
        if body is None or self.is_away():
            return False
        if fault == "stall":
            connection.recv(1)  # until the client has had enough
            return False
        if fault == "503":
            return self.reply(connection, 503)
        status, answer = self.act(method, path, body)
        if fault == "lose_reply":
            return False
        return self.reply(connection, status, answer, method)

    def read_body(self, stream, headers, cut):
        """None: it broke off, or is made to."""
        body = b""
        if "chunked" in headers.get("transfer-encoding", ""):
            while size := int(stream.readline() or b"0", 16):
                body += stream.read(size)
                stream.readline()
                if cut and len(body) > 20_000:
                    return None
            stream.readline()
            return body
        size = int(headers.get("content-length", 0))
        body = stream.read(size // 2 if cut else size)
        return body if len(body) == size else None

    def act(self, method, path, body):
        with self.lock:
            if method in ("PUT", "POST"):
                self.log.append((time.monotonic(), path, body))
                status = 204 if path in self.objects else 201
                self.objects[path] = body
                return status, b""
            if path not in self.objects:
                return 404, b""
            if method == "DELETE":
                del self.objects[path]
                return 204, b""
            return 200, self.objects[path]

    @staticmethod
    def reply(connection, status, body=b"", method="PUT"):
        connection.sendall(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
            .encode() + (b"" if method == "HEAD" else body))
        return True


def uris(text):
    """Those that are to be there."""
    lines = text.decode(errors="replace").splitlines()
    return [line for i, line in enumerate(lines)
            if line and not line.startswith("#") and
            "#EXT-X-GAP" not in lines[max(0, i - 4):i]]


def pictures(media):
    """A hash of each picture, as it is decoded."""
    done = subprocess.run(
        [*QUIET, "-f", "mpegts", "-i", "-", "-map", "0:v", "-fps_mode",
         "passthrough", "-f", "framemd5", "-"], input=media,
        stdout=subprocess.PIPE, check=False)
    return [line.rsplit(b",", 1)[1].strip() for line in done.stdout.splitlines()
            if not line.startswith(b"#")]


def judge(server, source):
    stored, missing, last = set(), {}, b""
    for when, path, body in server.log:
        stored.add(path)
        if path.endswith(".m3u8"):
            last = body
            for uri in uris(body):
                if "/" + uri not in stored:
                    missing.setdefault("/" + uri, when)
        elif path in missing:
            pass  # late, but it was missed
    media = b"".join(server.objects.get("/" + uri, b"") for uri in uris(last))
    ours = pictures(media) if media else []
    lost = len(set(source) - set(ours))
    return {"lost_s": lost / FPS, "missing": len(missing),
            "twice_s": (len(ours) - len(set(ours))) / FPS,
            "ended": b"#EXT-X-ENDLIST" in last}


def programs(hlsrec):
    def ffmpeg(*options):
        return lambda source, url, _: [
            *QUIET, "-re", "-i", source, "-c", "copy", "-f", "hls", "-method",
            "PUT", "-hls_time", str(SEGMENT), "-hls_playlist_type", "event",
            *options, "-hls_segment_filename", url + "%d.ts",
            url + "index.m3u8"]
    return {
        "`ffmpeg -method PUT`": ffmpeg(),
        "`… -http_persistent 1`": ffmpeg("-http_persistent", "1"),
        "`… -http_persistent 1 -ignore_io_errors 1 -timeout 5`":
            ffmpeg("-http_persistent", "1", "-ignore_io_errors", "1",
                   "-timeout", "5"),
        "hlsrec": lambda source, url, folder: [
            hlsrec, "record", source, url + "index.m3u8", "--realtime",
            "--segment-time", str(SEGMENT), "--segment-name", "{seq}.{ext}",
            "--spool", folder, "--quiet"],
    }


def trial(script, command, source, hashes, folder):
    server = Server(script)
    url = f"http://127.0.0.1:{server.port}/"
    process = subprocess.Popen(command(source, url, folder),
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=LONGEST_RUN)
        end = f"exit code {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        end = "hangs"
    server.listener.close()
    return judge(server, hashes) | {"end": end}


def cell(seen):
    words = [f"{seen['lost_s']:.1f} s" if seen["lost_s"] else "0",
             str(seen["missing"]),
             f"{seen['twice_s']:.1f} s" if seen["twice_s"] else "0"]
    text = " / ".join(words)
    if seen["end"] != "exit code 0":
        text += f"; {seen['end']}"
    return text + ("" if seen["ended"] else "; no ENDLIST")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hlsrec", type=pathlib.Path, required=True)
    parser.add_argument("--smoke", action="store_true",
                        help="hlsrec and two faults alone")
    options = parser.parse_args()
    table = programs(options.hlsrec.resolve(strict=True))
    scripts = SCRIPTS
    if options.smoke:
        table, scripts = {"hlsrec": table["hlsrec"]}, SCRIPTS[1:3]
    with tempfile.TemporaryDirectory(prefix="hlsrec-faults-") as name:
        work = pathlib.Path(name)
        source = work / "input.ts"
        subprocess.run(
            [*QUIET, "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={FPS}",
             "-t", str(SECONDS), "-pix_fmt", "yuv420p", "-c:v", "libx264",
             "-preset", "ultrafast", "-bf", "0", "-b:v", "800k", "-g",
             str(FPS * SEGMENT), "-sc_threshold", "0", source], check=True)
        hashes = pictures(source.read_bytes())
        if len(set(hashes)) != SECONDS * FPS:
            sys.exit(f"input: {len(set(hashes))} different pictures")
        runs = {}
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            for i, script in enumerate(scripts):
                for j, (title, command) in enumerate(table.items()):
                    runs[script.title, title] = pool.submit(
                        trial, script, command, source, hashes,
                        work / f"spool-{i}-{j}")
        print("| the server | " + " | ".join(table) + " |")
        print("| --- " * (len(table) + 1) + "|")
        for script in scripts:
            cells = [cell(runs[script.title, title].result())
                     for title in table]
            print(f"| {script.title} | " + " | ".join(cells) + " |")
        if options.smoke:
            bad = [run for run in runs.values()
                   if cell(run.result()) != "0 / 0 / 0"]
            sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
