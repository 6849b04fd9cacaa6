#!/bin/sh
# Makes the small files the tests of the inputs read. make_media.sh DIRECTORY
set -eu
mkdir -p "$1"
cd "$1"

encode() { ffmpeg -nostdin -v error -y "$@"; }

picture="testsrc2=s=160x120:r=25:d=3"
wide="testsrc2=s=320x180:r=25:d=3"
tone="sine=r=44100:d=3"
high="sine=f=880:r=44100:d=3"
x264="-c:v libx264 -preset ultrafast -g 25 -bf 2 -pix_fmt yuv420p"

# The measure of things: 75 pictures, 3 of them key; B-frames.
# shellcheck disable=SC2086  # options are words
encode -f lavfi -i "$picture" -f lavfi -i "$tone" $x264 -c:a aac -ac 2 \
  -metadata:s:a:0 language=eng h264_aac.mp4
encode -i h264_aac.mp4 -map 0 -c copy h264_aac.ts
encode -i h264_aac.mp4 -map 0 -c copy h264_aac.flv
encode -i h264_aac.mp4 -map 0 -c copy h264_aac.mkv
encode -i h264_aac.mp4 -map 0 -c copy -movflags frag_keyframe+empty_moov \
  h264_aac_fragmented.mp4
encode -i h264_aac.mp4 -map 0 -c copy -mpegts_flags latm h264_latm.ts
encode -i h264_aac.mp4 -map 0:v -c copy h264.ts
encode -i h264_aac.mp4 -map 0:v -c copy -f h264 no_timestamps.h264
encode -i h264_aac.mp4 -map 0:a -c copy -f adts aac.aac
encode -i h264_aac.mp4 -map 0:a -c copy -pes_payload_size 0 frame_per_pes.ts

encode -f lavfi -i "$picture" -c:v libx265 -preset ultrafast \
  -x265-params log-level=none:keyint=25 -tag:v hvc1 h265.mp4
encode -i h265.mp4 -i h264_aac.mp4 -map 0:v -map 1:a -c copy h265_aac.ts
encode -f lavfi -i "$picture" -f lavfi -i "$tone" -c:v mpeg2video -g 25 \
  -c:a ac3 mpeg2_ac3.ts
encode -i h264_aac.mp4 -map 0 -c:v copy -c:a libmp3lame h264_mp3.ts
encode -i h264_aac.mp4 -map 0 -c:v copy -c:a eac3 h264_eac3.ts
encode -i h264_aac.mp4 -map 0 -c:v copy -c:a libopus h264_opus.ts
SVT_LOG=0 encode -f lavfi -i "$picture" -f lavfi -i "$tone" -c:v libsvtav1 \
  -preset 12 -g 25 -c:a libopus av1_opus.mkv 2>/dev/null
encode -i av1_opus.mkv -map 0 -c copy av1_opus.mp4

# Two languages; two programs, the second with the larger picture.
# shellcheck disable=SC2086
encode -f lavfi -i "$wide" -f lavfi -i "$high" $x264 -c:a aac -ac 1 \
  -metadata:s:a:0 language=ger wide.mp4
encode -i wide.mp4 -map 0 -c copy wide.flv
encode -i h264_aac.mp4 -i wide.mp4 -map 0:v -map 0:a -map 1:a -c copy \
  two_languages.ts
encode -i h264_aac.mp4 -i wide.mp4 -map 0:v -map 0:a -map 1:v -map 1:a \
  -c copy -program title=Small:st=0:st=1 -program title=Large:st=2:st=3 \
  two_programs.ts

# What can't be taken.
printf '1\n00:00:00,000 --> 00:00:02,000\nHello\n' >subtitles.srt
encode -i h264_aac.mp4 -i subtitles.srt -map 0 -map 1 -c:v copy -c:a copy \
  -c:s srt subtitles.mkv
encode -f lavfi -i "$picture" -frames:v 1 cover.png
encode -i h264_aac.mp4 -i cover.png -map 0:a -map 1:v -c:a libmp3lame \
  -c:v copy -disposition:v attached_pic cover.mp3
encode -i h264_aac.mp4 -map 0 -c:v copy -c:a libvorbis -ac 2 h264_vorbis.mkv
encode -i subtitles.srt only_subtitles.mkv

# Announced from the start, heard only after eight seconds.
encode -stream_loop 3 -i h264.ts -itsoffset 8 -i h264_aac.mp4 -map 0:v \
  -map 1:a -c copy late_audio.ts

# An encoder that starts again under other PIDs.
encode -i wide.mp4 -map 0 -c copy -output_ts_offset 3 -mpegts_start_pid 0x200 \
  -pat_period 0.1 other_pids.ts
cat h264_aac.ts other_pids.ts >changed_pids.ts
# The picture changes its size in mid-stream.
encode -i wide.mp4 -map 0 -c copy -output_ts_offset 3 larger.ts
cat h264_aac.ts larger.ts >changed_size.ts

# The 33 bits of a timestamp are used up after a second and a half.
encode -i h264_aac.mp4 -map 0 -c copy -output_ts_offset 95440.8 wrap.ts
encode -i h264_aac.mp4 -map 0 -c copy -output_ts_offset 95440.8 -f hls \
  -hls_time 1 -hls_list_size 0 -hls_segment_filename wrap_%03d.ts wrap.m3u8
# shellcheck disable=SC2046  # thirty-two times the same words
encode -i h264_aac.mp4 $(yes -- '-map 0:a' | head -n 32) -c copy \
  thirty_two_tracks.ts

mkdir -p hls
encode -i h264_aac.mp4 -i wide.mp4 -map 0:v -map 0:a -map 1:v -map 1:a \
  -c copy -b:v:0 200k -b:v:1 600k -f hls -hls_time 1 -hls_list_size 0 \
  -master_pl_name master.m3u8 -var_stream_map "v:0,a:0 v:1,a:1" \
  -hls_segment_filename hls/%v_%03d.ts hls/%v.m3u8
[ -f hls/master.m3u8 ] || mv master.m3u8 hls/
touch made
