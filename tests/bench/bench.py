#!/usr/bin/env python3
"""CPU and memory of hlsrec beside the installed ffmpeg, doing the same work.

    tests/bench/bench.py --build build/release [--json FILE] [--smoke]

The build needs HLSREC_BUILD_TOOLS; with HLSREC_BUILD_BENCH the cost of a
segment early and late in a recording is measured, too. Runs alternate between
the programs, so that what else the machine does touches both; the median
counts. Ratios mean something, seconds only on the same machine.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile


def measure(command):
    """Runs a command; CPU seconds and peak resident bytes."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            sys.exit(f"{' '.join(map(str, command))}\n"
                     f"{log.read()[-2000:].decode(errors='replace')}\n"
                     f"exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def make_inputs(folder, megabytes):
    """A short encode, repeated without another one until it is long enough."""
    short = folder / "short.ts"
    quiet = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"]
    subprocess.run(
        quiet + ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30",
                 "-f", "lavfi", "-i", "sine=sample_rate=48000",
                 "-t", "12", "-pix_fmt", "yuv420p", "-c:v", "libx264",
                 "-preset", "ultrafast", "-b:v", "6M", "-maxrate", "6M",
                 "-bufsize", "6M", "-x264-params", "nal-hrd=cbr",
                 "-g", "60", "-c:a", "aac", "-b:a", "128k", short], check=True)
    repeats = max(1, megabytes * 1_000_000 // short.stat().st_size)
    inputs = {"ts": folder / "input.ts", "mp4": folder / "input.mp4"}
    for path in inputs.values():
        subprocess.run(quiet + ["-stream_loop", str(repeats - 1), "-i", short,
                                "-c", "copy", path], check=True)
    short.unlink()
    return inputs


def segments_of(folder):
    names = [f for f in folder.rglob("*") if f.suffix in (".ts", ".m4s")]
    return len(names), sum(f.stat().st_size for f in names)


def compare(name, source, container, hlsrec, folder, runs):
    """One line of the table."""
    gigabytes = source.stat().st_size / 1e9
    out = folder / "out"
    record = [hlsrec, "record", source, out / "index.m3u8",
              "--container", "fmp4" if container == "fmp4" else "ts"]
    commands = {
        # Nothing synced and nothing hashed, as ffmpeg does; then the default.
        "hlsrec": record + ["--no-sync"],
        "hlsrec_durable": record,
        "ffmpeg": ["ffmpeg", "-nostdin", "-y", "-loglevel", "error",
                   "-i", source, "-c", "copy", "-f", "hls", "-hls_time", "6",
                   "-hls_playlist_type", "event", "-hls_segment_type",
                   "fmp4" if container == "fmp4" else "mpegts",
                   out / "index.m3u8"],
    }
    cpu = {program: [] for program in commands}
    rss = {program: [] for program in commands}
    segments = {}
    for _ in range(runs):
        for program, command in commands.items():
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            seconds, peak = measure(command)
            cpu[program].append(seconds)
            rss[program].append(peak)
            segments[program] = segments_of(out)
    shutil.rmtree(out)
    row = {"work": name, "input_bytes": source.stat().st_size}
    for program in commands:
        row[program] = {
            "cpu_s_per_gb": statistics.median(cpu[program]) / gigabytes,
            "cpu_s": cpu[program],
            "peak_rss_bytes": max(rss[program]),
            "segments": segments[program][0],
            "segment_bytes": segments[program][1],
        }
    for program in ("hlsrec", "hlsrec_durable"):
        row[program]["cpu_ratio"] = (row[program]["cpu_s_per_gb"] /
                                     row["ffmpeg"]["cpu_s_per_gb"])
    # As many seconds of media in about as many bytes, or it was other work.
    few, *_, many = sorted(segments[p][1] for p in commands)
    if few < 0.9 * many:
        sys.exit(f"{name}: the programs did different work: {segments}")
    return row


def segment_cost(program, segments):
    rows = []
    for policy in ("live", "event"):
        done = subprocess.run([program, policy, str(segments)], check=True,
                              stdin=subprocess.DEVNULL, capture_output=True)
        rows.append(json.loads(done.stdout))
    return rows


def print_tables(results):
    print("| work | ffmpeg, CPU s/GB | hlsrec --no-sync (ratio) "
          "| hlsrec, default (ratio) | peak memory: ffmpeg, hlsrec |")
    print("| --- | --- | --- | --- | --- |")
    for row in results["work"]:
        ours = [f"{row[p]['cpu_s_per_gb']:.2f} ({row[p]['cpu_ratio']:.2f})"
                for p in ("hlsrec", "hlsrec_durable")]
        print(f"| {row['work']} | {row['ffmpeg']['cpu_s_per_gb']:.2f} "
              f"| {ours[0]} | {ours[1]} "
              f"| {row['ffmpeg']['peak_rss_bytes'] / 1e6:.0f} MB, "
              f"{row['hlsrec_durable']['peak_rss_bytes'] / 1e6:.0f} MB |")
    if not results["segments"]:
        return
    print("\n| policy | at segment | CPU per segment | resident |")
    print("| --- | --- | --- | --- |")
    for row in results["segments"]:
        for point in row["points"]:
            print(f"| {row['policy']} | {point['segment']:,} "
                  f"| {point['cpu_us']:.0f} µs "
                  f"| {point['rss_bytes'] / 1e6:.1f} MB |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--segments", type=int, default=100_000)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--smoke", action="store_true",
                        help="does it run? The numbers mean nothing")
    options = parser.parse_args()
    if options.smoke:
        options.megabytes, options.runs, options.segments = 20, 1, 1000

    hlsrec = (options.build / "tools/hlsrec/hlsrec").resolve(strict=True)
    cost = options.build / "tests/bench/segment_cost"
    results = {"work": [], "segments": []}
    with tempfile.TemporaryDirectory(prefix="hlsrec-bench-") as name:
        folder = pathlib.Path(name)
        inputs = make_inputs(folder, options.megabytes)
        for title, source, container in (("TS -> TS", "ts", "ts"),
                                         ("MP4 -> TS", "mp4", "ts"),
                                         ("MP4 -> fMP4", "mp4", "fmp4")):
            results["work"].append(compare(title, inputs[source], container,
                                           hlsrec, folder, options.runs))
    if cost.exists():
        results["segments"] = segment_cost(cost.resolve(), options.segments)
    print_tables(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
