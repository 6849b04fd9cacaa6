#!/usr/bin/env python3
"""What hlsrec and the installed ffmpeg make of the same difficult input.

    tests/bench/compare_ffmpeg.py --hlsrec build/release/tools/hlsrec/hlsrec

Prints one row per difference that README.md claims, with what was seen in this
run. The full disk needs root (a small tmpfs), the syncs need strace; without
them the row says so.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

QUIET = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"]


def encode(path, seconds, size="640x360", keys=None, start=0, codec="libx264",
           bitrate="800k", audio="aac"):
    force = ",".join(map(str, keys)) if keys else "expr:gte(t,n_forced*2)"
    quiet = ["-x265-params", "log-level=none"] if codec == "libx265" else []
    subprocess.run(
        QUIET + ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25",
                 "-f", "lavfi", "-i", "sine=sample_rate=48000",
                 "-t", str(seconds), "-pix_fmt", "yuv420p", "-c:v", codec,
                 "-preset", "ultrafast", "-g", "1000", "-b:v", bitrate,
                 "-force_key_frames", force] + quiet +
        ["-c:a", audio, "-output_ts_offset", str(start), path],
        check=True)


class Tool:
    """A recorder of standard input, or of a file, into a folder."""

    def __init__(self, name, hlsrec):
        self.name = name
        self.hlsrec = hlsrec

    def command(self, source, folder, container="", append=False):
        playlist = folder / "index.m3u8"
        piped = ["-f", "mpegts"] if source == "-" else []
        if self.name == "ffmpeg":
            words = ["ffmpeg", "-y", "-loglevel", "error", *piped, "-i", source,
                     "-c", "copy", "-f", "hls", "-hls_time", "2",
                     "-hls_list_size", "0"]
            if container == "fmp4":
                words += ["-hls_segment_type", "fmp4"]
                if pathlib.Path(source).suffix == ".ts":
                    words += ["-bsf:a", "aac_adtstoasc"]
            if append:
                words += ["-hls_flags", "append_list"]
            return words + [playlist]
        words = [self.hlsrec, "record", source, playlist, "--segment-time", "2",
                 "--quiet"]
        if piped:
            words += ["--format", "mpegts"]
        if container:
            words += ["--container", container]
        return words + (["--append"] if append else [])

    def run(self, *arguments, before=(), **options):
        command = [*before, *self.command(*arguments, **options)]
        return subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=120).returncode


def text(folder):
    try:
        return (folder / "index.m3u8").read_text()
    except FileNotFoundError:
        return ""


def segments(folder):
    return [line for line in text(folder).splitlines()
            if line and not line.startswith("#")]


def missing(folder):
    lines = text(folder).splitlines()
    return [line for i, line in enumerate(lines)
            if line and not line.startswith("#") and
            "#EXT-X-GAP" not in lines[max(0, i - 4):i] and
            not (folder / line).is_file()]


def target(folder):
    found = re.search(r"TARGETDURATION:(\d+)", text(folder))
    return found.group(1) if found else "none"


def feed(tool, source, folder, fraction):
    """Starts it on standard input; what is left of the input."""
    data = source.read_bytes()
    border = int(len(data) * fraction) // 188 * 188
    process = subprocess.Popen(tool.command("-", folder),
                               stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    process.stdin.write(data[:border])
    process.stdin.flush()
    deadline = time.monotonic() + 20
    while len(segments(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    return process, data[border:]


def target_duration(tool, work, folder):
    source = work / "keys.ts"
    if not source.exists():
        encode(source, 36, keys=[0, 2, 4, 6, 8, 10, 12, 22, 32])
    process, rest = feed(tool, source, folder, 0.4)
    before = target(folder)
    process.stdin.write(rest)
    process.stdin.close()
    process.wait(timeout=60)
    longest = max((float(x) for x in re.findall(r"EXTINF:([\d.]+)",
                                                text(folder))), default=0)
    return f"{before}, at the end {target(folder)}; longest {longest:.1f} s"


def resolution(tool, work, folder):
    source = work / "sizes.ts"
    if not source.exists():
        encode(work / "large.ts", 8)
        encode(work / "small.ts", 8, size="320x180", start=8)
        source.write_bytes((work / "large.ts").read_bytes() +
                           (work / "small.ts").read_bytes())
    code = tool.run(source, folder, container="fmp4")
    return (f"{text(folder).count('#EXT-X-DISCONTINUITY' + chr(10))} "
            f"DISCONTINUITY, {text(folder).count('#EXT-X-MAP')} EXT-X-MAP, "
            f"exit code {code}")


def decode_errors(folder):
    run = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i",
                          folder / "index.m3u8", "-t", "7", "-map", "0:v",
                          "-f", "null", "-"], capture_output=True, text=True,
                         timeout=60)
    return len(run.stderr.splitlines())


def append(tool, work, folder):
    # MP4: parameter sets are in the init section alone.
    for name, size in (("first.mp4", "640x360"), ("second.mp4", "320x180")):
        if not (work / name).exists():
            encode(work / name, 8, size=size)
    tool.run(work / "first.mp4", folder, container="fmp4")
    alone = decode_errors(folder)
    tool.run(work / "second.mp4", folder, container="fmp4", append=True)
    maps = set(re.findall(r'EXT-X-MAP:URI="([^"]+)"', text(folder)))
    return (f"{len(maps)} init section(s); decoding the first part: {alone} "
            f"errors before, {decode_errors(folder)} after")


def disk_full(tool, work, folder):
    if os.geteuid() != 0:
        return "not run: needs root"
    source = work / "large_file.ts"
    if not source.exists():
        encode(source, 40, bitrate="3M")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs",
                       folder], stderr=subprocess.DEVNULL).returncode != 0:
        return "not run: no tmpfs may be mounted"
    try:
        code = tool.run(source, folder)
        return (f"playlist of {len(text(folder))} bytes, "
                f"{len(segments(folder))} segments, "
                f"{text(folder).count('#EXT-X-GAP')} gaps, "
                f"{len(missing(folder))} listed but not there, exit code {code}")
    finally:
        subprocess.run(["umount", folder], check=True)


def containers(tool, work, folder):
    source = work / "h265.mkv"
    if not source.exists():
        encode(source, 6, codec="libx265", audio="libopus")
    tool.run(source, folder)
    kinds = {pathlib.Path(name).suffix for name in segments(folder)}
    shutil.rmtree(folder)
    folder.mkdir()
    container = "ts" if tool.name == "hlsrec" else ""
    code = tool.run(source, folder, container=container)
    return (f"by default {', '.join(sorted(kinds)) or 'nothing'}; asked for TS: "
            f"exit code {code}, {len(segments(folder))} segments")


def syncs(tool, work, folder):
    if shutil.which("strace") is None:
        return "not run: no strace"
    source = work / "first.ts"
    if not source.exists():
        encode(source, 8)
    log = work / f"strace.{tool.name}"
    tool.run(source, folder, before=[
        "strace", "-f", "-qq", "-o", log, "-e", "trace=fsync,fdatasync"])
    calls = len(log.read_text().splitlines())
    return f"{calls} for {len(segments(folder))} segments"


def killed(tool, work, folder):
    source = work / "first.ts"
    if not source.exists():
        encode(source, 8)
    process, _ = feed(tool, source, folder, 0.95)
    process.kill()
    process.wait()
    process.stdin.close()
    before = len(segments(folder))
    lost = len(missing(folder))
    tool.run(source, folder, append=True)
    return (f"{before} segments listed, {lost} of them not there; "
            f"after going on with all 8 s: {len(segments(folder))} listed, "
            f"{len(missing(folder))} not there")


ROWS = [
    ("EXT-X-TARGETDURATION when the keyframe distance changes", target_duration),
    ("resolution changes (fMP4)", resolution),
    ("append onto fMP4", append),
    ("disk full", disk_full),
    ("container for H.265 with Opus", containers),
    ("fsync and fdatasync calls", syncs),
    ("kill -9", killed),
]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hlsrec", type=pathlib.Path, required=True)
    parser.add_argument("--only", help="rows whose name holds this")
    options = parser.parse_args()
    if not os.access(options.hlsrec, os.X_OK):
        sys.exit(f"{options.hlsrec}: not a program")
    tools = [Tool(name, options.hlsrec.resolve()) for name in
             ("ffmpeg", "hlsrec")]
    print("| | ffmpeg | hlsrec |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        for number, (name, row) in enumerate(ROWS):
            if options.only and options.only not in name:
                continue
            cells = []
            for tool in tools:
                folder = work / f"{number}-{tool.name}"
                folder.mkdir()
                cells.append(row(tool, work, folder))
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
