#!/usr/bin/python3
"""OpenStack Swift with its S3 interface, on one machine, for tests.

swift_server.py DIRECTORY [LOCATION]

Prints the port of the S3 endpoint on 127.0.0.1 when it answers, and runs until
it is killed; what it started goes with it. DIRECTORY must be empty and on a
file system with extended attributes. The access key is `test:tester`, its
secret `testing`; signatures of another region than LOCATION are refused. There
is one bucket, `bucket`.
"""
import http.client
import os
import pwd
import sys

from swift.common.ring import RingBuilder

from daemons import Daemons, free_ports

ROOT = os.path.abspath(sys.argv[1])
LOCATION = sys.argv[2] if len(sys.argv) > 2 else "us-east-1"
USER = pwd.getpwuid(os.getuid()).pw_name


MEMCACHED, *ports = free_ports(5)

COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {root}
devices = {root}/devices
mount_check = false
fallocate_reserve = 0
log_level = WARNING
"""

STORAGE = """[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = """[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {location}
auth_pipeline_check = false
allow_multipart_uploads = true
min_segment_size = 5242880
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
"""


def make_ring(kind, port):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port,
                     "replication_ip": "127.0.0.1", "replication_port": port,
                     "device": "disk", "weight": 1.0})
    builder.rebalance()

    builder.get_ring().save(os.path.join(ROOT, kind + ".ring.gz"))


def start(daemons, kind, port, text):
    path = os.path.join(ROOT, kind + ".conf")
    with open(path, "w") as file:
        file.write(COMMON.format(port=port, user=USER, root=ROOT) +
                   text.format(kind=kind, location=LOCATION,
                               memcached=MEMCACHED))
    daemons.start(kind + ".log", "/usr/bin/python3",
                  f"/usr/bin/swift-{kind}-server", path, "-v")


def answers(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/")
        connection.getresponse().read()
        return True
    except OSError:
        return False


def make_bucket(port, name):
    """By Swift's own interface: what signs is what the tests test."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/auth/v1.0", headers={
        "X-Auth-User": "test:tester", "X-Auth-Key": "testing"})
    answer = connection.getresponse()
    answer.read()
    token = answer.getheader("X-Auth-Token")
    for container in (name, name + "+segments"):
        connection.request("PUT", f"/v1/AUTH_test/{container}",
                           headers={"X-Auth-Token": token})
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            sys.exit(f"swift: bucket: http {answer.status}")


def main():
    os.makedirs(os.path.join(ROOT, "devices", "disk"))
    try:
        os.setxattr(ROOT, "user.hlsrec", b"1")
    except OSError as error:
        sys.exit(f"swift: {ROOT}: no extended attributes here: {error}")
    proxy = ports.pop()
    with Daemons("swift", ROOT) as daemons:
        daemons.start("memcached.log", "memcached", "-l", "127.0.0.1", "-u",
                      USER, "-p", str(MEMCACHED))
        for kind, port in zip(("account", "container", "object"), ports):
            make_ring(kind, port)
            start(daemons, kind, port, STORAGE)
        start(daemons, "proxy", proxy, PROXY)
        for port in ports + [proxy]:
            daemons.wait_for(port, answers)
        make_bucket(proxy, "bucket")
        daemons.serve(proxy)


main()
