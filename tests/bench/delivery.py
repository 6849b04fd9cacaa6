#!/usr/bin/env python3
"""Many recordings into one web server: hlsrec in one process, beside ffmpeg.

    tests/bench/delivery.py --build build/release             # over a minute
    tests/bench/delivery.py --build build/release --full      # seven minutes
    tests/bench/delivery.py --build build/release --smoke

The build needs HLSREC_BUILD_BENCH. nginx with its DAV module is the server, on
loopback; what it stores lies in memory (/dev/shm), and its log tells what was
put over how many connections. hlsrec records pushed packets of a live
window each, in real time; ffmpeg reads a file in real time, a process for each
recording, since it has no other way. Its CPU therefore includes reading and
demuxing, hlsrec's does not include the thread that pushes.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """daemon off;
master_process off;
pid {root}/pid;
error_log {root}/error.log;
events {{ worker_connections 8192; }}
http {{
client_max_body_size 0;
client_body_in_file_only off;
log_format puts '$request_method $status $connection';
access_log {root}/access.log puts buffer=64k flush=1s;
client_body_temp_path {root}/www/tmp;
proxy_temp_path {root}/t1; fastcgi_temp_path {root}/t2;
uwsgi_temp_path {root}/t3; scgi_temp_path {root}/t4;
keepalive_requests 1000000;
server {{
listen 127.0.0.1:{port} backlog=4096;
root {root}/www;
location / {{ dav_methods PUT DELETE; create_full_put_path on; }}
}}
}}
"""


class Nginx:
    """On a free port, until the block ends."""

    def __init__(self, root):
        self.root = root
        (root / "www").mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = root / "nginx.conf"
        config.write_text(CONFIGURATION.format(root=root, port=self.port))
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", root, "-e", root / "error.log", "-c",
             config], stdin=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                time.sleep(0.05)
        sys.exit("nginx: does not answer")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def cpu_seconds(self):
        """Of the server, up to now."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = fields.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stored(self):
        """Puts, and over how many connections. Ends the server, which writes
        out its log then."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        puts, connections = 0, set()
        for line in (self.root / "access.log").read_text().splitlines():
            method, status, connection = line.split()
            if method == "PUT" and status in ("201", "204"):
                puts += 1
                connections.add(connection)
        return puts, len(connections)


def run_hlsrec(folder, program, spool, work):
    with Nginx(folder / "nginx") as nginx:
        done = subprocess.run(
            [program, nginx.url(), str(work.recordings), str(work.seconds),
             str(work.kbps), (spool or folder) / folder.name,
             "fast" if work.fast else "real-time"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        if spool:
            shutil.rmtree(spool / folder.name, ignore_errors=True)
        if not done.stdout:
            sys.exit(f"many_recordings: exit code {done.returncode}")
        row = json.loads(done.stdout)
        row["server_cpu_s"] = nginx.cpu_seconds()
        puts, row["connections"] = nginx.stored()
    row["program"] = "hlsrec, as fast as it goes" if work.fast else "hlsrec"
    row["puts"] = puts
    row["cores_per_recording"] = row["cores"] / work.recordings
    return row


def make_input(path, seconds, kbps):
    """Video of 25 fps with a keyframe each two seconds, as hlsrec's."""
    subprocess.run(
        ["ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i",
         "testsrc2=size=640x360:rate=25", "-t", str(seconds), "-pix_fmt",
         "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50",
         "-sc_threshold", "0", "-b:v", f"{kbps}k", "-maxrate", f"{kbps}k",
         "-bufsize", f"{kbps}k", "-x264-params", "nal-hrd=cbr", path],
        check=True)


def resident(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").open():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def run_ffmpeg(folder, work, persistent):
    source = folder / "input.ts"
    make_input(source, work.seconds, work.kbps)
    with Nginx(folder / "nginx") as nginx:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        children = []
        for i in range(work.recordings):
            children.append(subprocess.Popen(
                ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-re", "-i", source,
                 "-c", "copy", "-f", "hls", "-method", "PUT", "-hls_time", "2",
                 "-hls_list_size", "6", "-hls_flags", "delete_segments",
                 "-http_persistent", str(int(persistent)),
                 "-hls_segment_filename", f"{nginx.url()}cam{i}/%d.ts",
                 f"{nginx.url()}cam{i}/live.m3u8"], stdin=subprocess.DEVNULL))
            time.sleep(2 / work.recordings)  # segments end at other times
        time.sleep(max(1, work.seconds - 4))
        memory = [resident(child) for child in children]
        for child in children:
            child.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        server_cpu = nginx.cpu_seconds()
        puts, connections = nginx.stored()
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"program": f"ffmpeg -http_persistent {int(persistent)}",
            "recordings": work.recordings, "kbps": work.kbps,
            "seconds": work.seconds,
            "complete": all(child.returncode == 0 for child in children),
            "cores_per_recording": cpu / work.recordings / work.seconds,
            "rss_bytes": sum(memory),
            "rss_bytes_per_further": statistics.mean(memory),
            "server_cpu_s": server_cpu, "puts": puts,
            "connections": connections}


def print_table(rows):
    print("| program | recordings | each | CPU of each "
          "| memory of each further one | processes, threads | connections "
          "| segment complete to listed, p50 / p99 |")
    print("| --- " * 8 + "|")
    for row in rows:
        listed = row.get("sealed_to_visible_ms")
        listed = f"{listed['p50']:.0f} / {listed['p99']:.0f} ms" if listed else ""
        threads = (f"1, {row['threads']}" if "threads" in row
                   else f"{row['recordings']}, {row['recordings']}")
        each = f"{row['kbps'] / 1000:.1f} Mb/s"
        if "fast" in row["program"]:
            each = f"{row['bytes'] / row['seconds'] / 1e6:.0f} MB/s together"
        print(f"| {row['program']} | {row['recordings']:,} | {each} "
              f"| {row['cores_per_recording'] * 100:.3f} % "
              f"| {row['rss_bytes_per_further'] / 1e6:.2f} MB "
              f"| {threads} | {row['connections']:,} | {listed} |")
    for row in rows:
        if not row["complete"]:
            sys.exit(f"{row['program']}: not everything was stored: {row}")


@dataclasses.dataclass
class Work:
    recordings: int
    seconds: int
    kbps: int
    fast: bool = False


def works(options):
    """hlsrec's and ffmpeg's."""
    if options.smoke:
        return [Work(20, 4, 100)], [Work(2, 6, 100)]
    if not options.full:
        return [Work(1000, 20, 100)], [Work(20, 20, 100)]
    return ([Work(1, 30, 1500), Work(100, 30, 1500), Work(200, 30, 1500),
             Work(1000, 60, 100), Work(1000, 30, 300),
             Work(50, 60, 1500, fast=True)],
            [Work(20, 30, 100), Work(20, 30, 1500)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--spool", type=pathlib.Path,
                        help="folder for hlsrec's spool, to measure a disk's "
                        "syncing, too; else in memory, as what is stored is")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true",
                      help="longer, and more bytes for each recording")
    size.add_argument("--smoke", action="store_true",
                      help="does it run? The numbers mean nothing")
    options = parser.parse_args()
    program = (options.build / "tests/bench/many_recordings").resolve(
        strict=True)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    rows = []

    def add(run, *arguments):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hlsrec-bench-",
                                               dir=memory))
        try:
            rows.append(run(folder, *arguments))
        finally:
            shutil.rmtree(folder)

    ours, theirs = works(options)
    for work in ours:
        add(run_hlsrec, program, options.spool, work)
    for work in theirs:
        for persistent in (False, True):
            add(run_ffmpeg, work, persistent)
    print_table(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
