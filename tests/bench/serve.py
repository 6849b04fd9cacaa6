#!/usr/bin/env python3
"""Many players at one server: hlsrec serve beside nginx, over the same files.

    tests/bench/serve.py --hlsrec build/release/tools/hlsrec/hlsrec
    tests/bench/serve.py --hlsrec ... --smoke

wrk asks over 500 connections that are kept, for a segment, for a playlist, and
for it as gzip (nginx compresses each time, at its level 1). Both servers have
two threads or processes; all of it shares this machine's cores, wrk too.
Requests a second, the 99th percentile of their time, and the server's CPU
seconds per 10,000 requests: medians of rounds that take turns, each after a
warm-up that is not counted. Before that both must give the same bytes over one
connection that stays.

While it lasts a hundred clients send their headers a byte at a time: with
--smoke, and in the last row of the table, players must not notice.
"""

import argparse
import gzip
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

NGINX = """daemon off;
worker_processes 2;
pid {root}/pid;
error_log {root}/error.log;
events {{ worker_connections 4096; }}
http {{
access_log off;
sendfile on;
tcp_nopush on;
keepalive_requests 100000000;
types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
gzip on;
gzip_types application/vnd.apple.mpegurl;
client_body_temp_path {root}/t0; proxy_temp_path {root}/t1;
fastcgi_temp_path {root}/t2; uwsgi_temp_path {root}/t3;
scgi_temp_path {root}/t4;
server {{ listen 127.0.0.1:{port} backlog=4096; root {files}; }}
}}
"""


def make_files(folder):
    """A segment of 6 s at 1.5 Mb/s, and a playlist of an hour."""
    (folder / "000001.ts").write_bytes(os.urandom(1_125_000))
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-PLAYLIST-TYPE:EVENT",
             "#EXT-X-TARGETDURATION:6", "#EXT-X-MEDIA-SEQUENCE:0"]
    for number in range(600):
        lines += ["#EXTINF:6.000000,", f"{number:06}.ts"]
    (folder / "index.m3u8").write_text("\n".join(lines) + "\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port):
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nobody listens on {port}")


def cpu_seconds(pid):
    """Of a process and its children."""
    total = 0
    children = [pid]
    while children:
        one = children.pop()
        try:
            stat = pathlib.Path(f"/proc/{one}/stat").read_text()
            children += map(int, pathlib.Path(
                f"/proc/{one}/task/{one}/children").read_text().split())
        except FileNotFoundError:
            continue
        fields = stat.rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, name, process, port):
        self.name, self.process, self.port = name, process, port
        await_port(port)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def start_hlsrec(program, files):
    port = free_port()
    process = subprocess.Popen(
        [program, "serve", files, "--bind", f"127.0.0.1:{port}",
         "--max-connections", "4000", "--max-connections-per-address", "4000"],
        stdout=subprocess.DEVNULL)
    return Server("hlsrec", process, port)


def start_nginx(files, root):
    port = free_port()
    (root / "nginx.conf").write_text(
        NGINX.format(root=root, files=files, port=port))
    process = subprocess.Popen(
        ["nginx", "-p", root, "-c", root / "nginx.conf"],
        stderr=subprocess.DEVNULL)
    return Server("nginx", process, port)


class SlowClients:
    """Keep a hundred connections busy with headers that never end."""

    def __init__(self, port):
        self.port, self.stopping, self.most = port, False, 0
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join()
        if self.most < 100:
            sys.exit(f"there were {self.most} slow clients only")

    def run(self):
        open_sockets = []
        while not self.stopping:
            while len(open_sockets) < 100:
                one = socket.create_connection(("127.0.0.1", self.port), 5)
                one.sendall(b"GET / HTTP/1.1\r\nX: ")
                open_sockets.append(one)
            self.most = max(self.most, len(open_sockets))
            left = []
            for one in open_sockets:
                try:
                    one.send(b"a")
                    left.append(one)
                except OSError:
                    one.close()
            open_sockets = left
            time.sleep(0.1)
        for one in open_sockets:
            one.close()


def in_milliseconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s|m|h)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000,
                            "h": 3_600_000}[unit]


def read_wrk(text):
    """What wrk --latency says. A share of the samples may end in 99%, too."""
    p99 = re.search(r"^ +99% +(\S+)$", text, re.MULTILINE)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: (.*)", text)
    return {"requests": int(re.search(r"(\d+) requests in", text).group(1)),
            "rate": float(
                re.search(r"Requests/sec:\s+([0-9.]+)", text).group(1)),
            "p99": in_milliseconds(p99.group(1)),
            "wrong": int(wrong.group(1)) if wrong else 0,
            "errors": errors.group(1) if errors else ""}


def run_wrk(server, path, arguments, headers, seconds):
    command = ["wrk", "--latency", "-t2", f"-c{arguments.connections}",
               f"-d{seconds}s", "--timeout", "10s"]
    for header in headers:
        command += ["-H", header]
    done = subprocess.run(
        command + [f"http://127.0.0.1:{server.port}/{path}"],
        capture_output=True, text=True, check=True, timeout=seconds + 60)
    return read_wrk(done.stdout)


def measure(server, path, arguments, headers=()):
    run_wrk(server, path, arguments, headers, arguments.warm_up)
    before = cpu_seconds(server.process.pid)
    result = run_wrk(server, path, arguments, headers, arguments.seconds)
    cpu = cpu_seconds(server.process.pid) - before
    result["cpu"] = cpu / max(1, result["requests"]) * 10_000
    return result


def median_of(results):
    middle = {name: statistics.median(one[name] for one in results)
              for name in ("rate", "p99", "cpu")}
    middle["wrong"] = sum(one["wrong"] for one in results)
    middle["errors"] = "; ".join(filter(None, (one["errors"]
                                               for one in results)))
    return middle


def check_answers(servers, path, headers, wanted):
    """Each gives the file, twice over one connection."""
    for server in servers:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, 10)
        local = set()
        for _ in range(2):
            connection.request("GET", f"/{path}", headers=headers)
            local.add(connection.sock.getsockname())
            answer = connection.getresponse()
            body = answer.read()
            if answer.getheader("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            elif headers:
                sys.exit(f"{server.name}: {path}: is not compressed")
            if answer.status != 200 or body != wanted:
                sys.exit(f"{server.name}: {path}: is another one")
        connection.close()
        if len(local) != 1:
            sys.exit(f"{server.name}: keeps no connections")


def measure_row(server, path, arguments, headers, slow):
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if not slow:
        return measure(server, path, arguments, lines)
    with SlowClients(server.port):
        return measure(server, path, arguments, lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hlsrec", type=pathlib.Path, required=True)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2, help="seconds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smoke", action="store_true",
                        help="a second of each, and nothing is compared")
    arguments = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing")
    if arguments.smoke:
        arguments.seconds, arguments.connections = 1, 100
        arguments.warm_up, arguments.rounds = 1, 1
    work = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
    bad = 0
    servers = []
    try:
        work.chmod(0o755)  # nginx's workers are somebody else
        files = work / "files"
        files.mkdir()
        make_files(files)
        servers.append(start_hlsrec(arguments.hlsrec.resolve(), files))
        servers.append(start_nginx(files, work))
        packed = {"Accept-Encoding": "gzip"}
        rows = [("segment, 1.1 MB", "000001.ts", {}, False),
                ("playlist, 17 kB", "index.m3u8", {}, False),
                ("playlist as gzip", "index.m3u8", packed, False),
                ("segment, slow clients", "000001.ts", {}, True)]
        print(f"{'':24}{'server':8}{'requests/s':>12}{'p99 ms':>10}"
              f"{'CPU s/10,000':>14}")
        for title, path, headers, slow in rows:
            check_answers(servers, path, headers, (files / path).read_bytes())
            results = {server.name: [] for server in servers}
            for number in range(arguments.rounds):
                # Who was first is second in the next round.
                for server in servers if number % 2 == 0 else servers[::-1]:
                    results[server.name].append(
                        measure_row(server, path, arguments, headers, slow))
            for server in servers:
                result = median_of(results[server.name])
                print(f"{title:24}{server.name:8}{result['rate']:12.0f}"
                      f"{result['p99']:10.1f}{result['cpu']:14.2f}"
                      f"  {result['errors']}")
                if result["wrong"]:
                    print(f"  {result['wrong']} answers were no 2xx")
                if result["wrong"] or result["rate"] == 0:
                    bad += 1
    finally:
        for server in servers:
            server.end()
        shutil.rmtree(work, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
