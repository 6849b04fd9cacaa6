#!/usr/bin/python3
"""Ceph's S3 gateway on one machine, for tests.

ceph_server.py DIRECTORY

Starts a monitor, one storage daemon in memory and radosgw, prints the port of
the S3 endpoint on 127.0.0.1 when it answers, and runs until it is killed; what
it started goes with it. DIRECTORY must be empty. The access key is `tester`,
its secret `testing`. There is one bucket, `bucket`.
"""
import base64
import email.utils
import hashlib
import hmac
import http.client
import os
import subprocess
import sys
import uuid

from daemons import Daemons, free_ports

ROOT = os.path.abspath(sys.argv[1])
KEY, SECRET = "tester", "testing"
DAEMONS = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "osd", "allow *", "mgr", "allow *"],
    "client.rgw": ["mon", "allow *", "osd", "allow *"],
    "osd.0": ["mon", "allow profile osd", "osd", "allow *"],
}

CONFIG = """[global]
fsid = {fsid}
mon host = [v1:127.0.0.1:{mon}]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {root}/keyring
log file = {root}/$name.log
run dir = {root}
admin socket =
pid file =
mon data = {root}/mon
osd data = {root}/osd
rgw data = {root}/rgw
osd objectstore = memstore
memstore device bytes = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
mon max pg per osd = 1000
mon allow pool size one = true
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{rgw}
"""


def path(name):
    return os.path.join(ROOT, name)


def run(*command):
    """To its end, which must be a good one."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"ceph: {' '.join(command)}: {done.stdout.decode()}")


def make_keyrings():
    for name, rights in DAEMONS.items():
        caps = [word for i in range(0, len(rights), 2)
                for word in ("--cap", rights[i], rights[i + 1])]
        create = [] if os.path.exists(path("keyring")) else ["--create-keyring"]
        run("ceph-authtool", *create, path("keyring"), "--gen-key", "-n", name,
            *caps)


def make_bucket(port, name):
    """Signed the old way, in few lines: what signs is what the tests test."""
    date = email.utils.formatdate(usegmt=True)
    text = f"PUT\n\n\n{date}\n/{name}".encode()
    signature = base64.b64encode(
        hmac.new(SECRET.encode(), text, hashlib.sha1).digest()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("PUT", "/" + name, headers={
        "Date": date, "Authorization": f"AWS {KEY}:{signature}"})
    answer = connection.getresponse()
    if answer.status >= 300:
        sys.exit(f"ceph: bucket: http {answer.status}: {answer.read()}")


def main():
    mon, rgw = free_ports(2)
    fsid = str(uuid.uuid4())
    config = path("ceph.conf")
    os.environ["CEPH_CONF"] = config
    with open(config, "w") as file:
        file.write(CONFIG.format(fsid=fsid, root=ROOT, mon=mon, rgw=rgw))
    for folder in ("mon", "osd", "rgw"):
        os.mkdir(path(folder))
    with Daemons("ceph", ROOT) as daemons:
        make_keyrings()
        run("monmaptool", "--create", "--fsid", fsid, "--addv", "a",
            f"[v1:127.0.0.1:{mon}/0]", path("monmap"))
        run("ceph-mon", "--mkfs", "-i", "a", "--monmap", path("monmap"),
            "--keyring", path("keyring"))
        daemons.start("mon.log", "ceph-mon", "-f", "-i", "a")
        daemons.wait_for(mon)
        osd = str(uuid.uuid4())
        run("ceph", "osd", "new", osd, "0")
        run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        daemons.start("osd.log", "ceph-osd", "-f", "-i", "0")
        daemons.start("rgw.log", "radosgw", "-f", "-n", "client.rgw")
        daemons.wait_for(rgw)
        run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid",
            "tester", "--display-name", "tester", "--access-key", KEY,
            "--secret-key", SECRET)
        make_bucket(rgw, "bucket")
        daemons.serve(rgw)


main()
