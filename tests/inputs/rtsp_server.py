#!/usr/bin/python3
"""Serves an MP4 file (H.264, AAC) as rtsp://127.0.0.1:PORT/live; prints PORT."""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( filesrc location=" + sys.argv[1] + " ! qtdemux name=demux "
    "demux.video_0 ! queue ! h264parse ! rtph264pay name=pay0 pt=96 "
    "config-interval=-1 "
    "demux.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )")
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
