// What is recorded to be played, by the name of the test.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

function ffmpeg(...words) {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...words]);
}

// The picture gets larger in mid-stream; the tone goes on.
function changingPicture(folder) {
  const parts = ['160x120', '320x180'].map((size, index) => {
    const file = path.join(folder, `${size}.ts`);
    ffmpeg('-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=3`, '-f', 'lavfi',
           '-i', 'sine=r=44100:d=3', '-c:v', 'libx264', '-preset', 'ultrafast',
           '-pix_fmt', 'yuv420p', '-g', '25', '-c:a', 'aac',
           '-output_ts_offset', String(3.08 * index), file);
    return fs.readFileSync(file);
  });
  const joined = path.join(folder, 'changing.ts');
  fs.writeFileSync(joined, Buffer.concat(parts));
  return joined;
}

// The timestamps jump amidst a group of pictures, whose first was lost: two
// seconds of sound alone.
function lostKeyframe(folder) {
  const parts = [[3, 25, 'null', 0], [4, 50, 'noise=drop=lt(n\\,1)', 23]].map(
      ([seconds, gop, lose, offset], index) => {
        const file = path.join(folder, `part${index}.ts`);
        ffmpeg('-f', 'lavfi', '-i', `testsrc2=s=320x180:r=25:d=${seconds}`,
               '-f', 'lavfi', '-i', `sine=r=44100:d=${seconds}`, '-c:v',
               'libx264', '-preset', 'ultrafast', '-bf', '0', '-pix_fmt',
               'yuv420p', '-g', String(gop), '-bsf:v', lose, '-c:a', 'aac',
               '-output_ts_offset', String(offset), file);
        return fs.readFileSync(file);
      });
  const joined = path.join(folder, 'jumping.ts');
  fs.writeFileSync(joined, Buffer.concat(parts));
  return joined;
}

// input: made by make_media.sh, or a function that makes it.
export const RECORDINGS = {
  ts: {input: 'h264_aac.mp4', options: ['--container', 'ts'], seconds: 3},
  fmp4: {input: 'h264_aac.mp4', options: ['--container', 'fmp4'], seconds: 3},
  'mp3-in-ts': {input: 'h264_mp3.ts', options: [], seconds: 3},
  av1: {input: 'av1_opus.mp4', options: [], seconds: 3},
  'discontinuity-ts': {
    input: changingPicture,
    options: ['--container', 'ts'],
    seconds: 6,
    height: 180,
  },
  'discontinuity-fmp4': {
    input: changingPicture,
    options: ['--container', 'fmp4'],
    seconds: 6,
    height: 180,
  },
  'lost-keyframe-ts': {
    input: lostKeyframe,
    options: ['--container', 'ts'],
    seconds: 7,
    pictures: 120,
  },
  'lost-keyframe-fmp4': {
    input: lostKeyframe,
    options: ['--container', 'fmp4'],
    seconds: 7,
    pictures: 120,
  },
  'alternative-audio-ts': {
    input: 'two_languages.ts',
    options: ['--container', 'ts'],
    seconds: 3,
    audioTracks: 2,
  },
  'alternative-audio-fmp4': {
    input: 'two_languages.ts',
    options: ['--container', 'fmp4'],
    seconds: 3,
    audioTracks: 2,
  },
  variants: {
    input: 'two_programs.ts',
    options: ['--all-variants'],
    seconds: 3,
    levels: 2,
  },
};

// Into `folder`/index.m3u8.
export function record(hlsrec, media, wanted, folder) {
  const input = typeof wanted.input === 'string' ?
      path.join(media, wanted.input) :
      wanted.input(folder);
  execFileSync(hlsrec, [
    'record', '--quiet', '--no-sync', '--segment-time', '1', input,
    path.join(folder, 'index.m3u8'), ...wanted.options
  ]);
}
