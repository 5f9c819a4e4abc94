// The images that the tests open: real ones where the data set is beside the checkout, phantoms elsewhere, and broken
// ones of every kind. All but the real ones are made when they are needed, so that no binary file is kept.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chunk, encode } from './png.mjs';
import { root } from './server.mjs';

const real = path.join(root, '../shared/data/full');
export const reference = path.join(root, '../shared/reference');
export const hasRealImages = existsSync(real);
/** `cargo xtask test` builds it and says where it is. */
const commandLine = process.env.DELINEO_CLI;

/** Images with their true masks: `{ name, modality, file, mask }`, where `file` can be opened and `mask` is a PNG. */
export function cases() {
  if (!hasRealImages) return phantoms();
  return ['busi', 'isic'].flatMap((modality) => {
    const folder = path.join(real, modality);
    const images = readdirSync(folder).filter((name) => !name.includes('_mask'));
    return images.map((name) => ({
      name,
      modality,
      file: path.join(folder, name),
      mask: readFileSync(path.join(folder, name.replace(/\.\w+$/, '_mask.png'))),
    }));
  });
}

function phantoms() {
  return [1, 2, 3].flatMap((seed) => [phantom('ultrasound', seed), phantom('dermoscopy', seed)]);
}

/** One of Delineo's own phantoms with its true mask; the same seed makes the same picture. */
export function phantom(modality, seed = 1, width = 480, height = 360) {
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-phantom-'));
  try {
    const size = `${width}x${height}`;
    execFileSync(commandLine, ['phantom', '--kind', modality, '--seed', seed, '--size', size, '--out', folder]);
    const read = (end) => readFileSync(path.join(folder, `${modality}_${seed}${end}`));
    const name = `phantom_${modality}_${seed}.png`;
    return { name, modality, file: { name, mimeType: 'image/png', buffer: read('.png') }, mask: read('_mask.png') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A JPEG of the same picture, encoded by the browser, with an Exif orientation from 1 to 8. */
export async function jpegTurned(page, file, orientation) {
  const url = `data:${file.mimeType};base64,${file.buffer.toString('base64')}`;
  const encoded = await page.evaluate(async ([address, turn]) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    // Where the top-left pixel of the upright picture is stored for each orientation (Exif 2.32, tag 0x0112).
    const [w, h] = [image.width, image.height];
    const matrices = {
      1: [1, 0, 0, 1, 0, 0],
      2: [-1, 0, 0, 1, w, 0],
      3: [-1, 0, 0, -1, w, h],
      4: [1, 0, 0, -1, 0, h],
      5: [0, 1, 1, 0, 0, 0],
      6: [0, -1, 1, 0, 0, w],
      7: [0, -1, -1, 0, h, w],
      8: [0, 1, -1, 0, h, 0],
    };
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = turn > 4 ? [h, w] : [w, h];
    const context = canvas.getContext('2d');
    context.setTransform(...matrices[turn]);
    context.drawImage(image, 0, 0);
    return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
  }, [url, orientation]);
  const jpeg = Buffer.from(encoded, 'base64');
  const buffer = Buffer.concat([jpeg.subarray(0, 2), exif(orientation), jpeg.subarray(2)]);
  return { name: `turned_${orientation}.jpg`, mimeType: 'image/jpeg', buffer };
}

/** An APP1 segment that holds the orientation and nothing else. */
function exif(orientation) {
  const tiff = Buffer.alloc(26);
  tiff.write('MM\0*', 0, 'latin1');
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(0x0112, 10);
  tiff.writeUInt16BE(3, 12);
  tiff.writeUInt32BE(1, 14);
  tiff.writeUInt16BE(orientation, 18);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** Files that cannot be segmented, each with what it is called in the tests. */
export function badFiles() {
  const good = phantom('dermoscopy', 9, 64, 48).file.buffer;
  const file = (name, buffer, mimeType = 'image/png') => ({ name, mimeType, buffer });
  return {
    'a text file with an image name': file('letter.png', Buffer.from('Dear reader, this is no image.\n'.repeat(40))),
    'a truncated PNG': file('cut.png', good.subarray(0, good.length / 2)),
    'an empty file': file('nothing.png', Buffer.alloc(0)),
    'an image of one pixel': file('dot.png', encode(1, 1, Uint8Array.of(9, 9, 9))),
    'a header that promises 65535 by 65535 pixels': file('huge.png', hugeHeader(good)),
    'a GIF of 8 by 8 pixels': file('small.gif', smallGif(), 'image/gif'),
    'a WebP of empty frames': file('empty.webp', emptyWebp(), 'image/webp'),
    'a CMYK JPEG of 8 by 8 pixels': file('print.jpg', cmykJpeg(), 'image/jpeg'),
    'an SVG drawing': file('drawing.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'),
  };
}

const AFTER_HEADER = 8 + 25;

function hugeHeader(png) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(65535, 0);
  header.writeUInt32BE(65535, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([png.subarray(0, 8), chunk('IHDR', header), png.subarray(AFTER_HEADER)]);
}

/** Two frames of 8 by 8 black pixels (GIF89a): clear code 4, one code for each run, end code 5. */
function smallGif() {
  const screen = Buffer.from([...Buffer.from('GIF89a'), 8, 0, 8, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const frame = Buffer.from([0x21, 0xf9, 4, 4, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 8, 0, 8, 0, 0, 2, 7, 0x84, 0x8f, 0xa9, 0xcb, 0xed, 0x0f, 0x05, 0]);
  return Buffer.concat([screen, frame, frame, Buffer.from([0x3b])]);
}

/** The extended header of an animation and two empty frames. */
function emptyWebp() {
  const part = (type, body) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(body.length);
    return Buffer.concat([Buffer.from(type, 'latin1'), size, body]);
  };
  const frame = part('ANMF', Buffer.alloc(16));
  const body = Buffer.concat([part('VP8X', Buffer.from([0x02, 0, 0, 0, 63, 0, 0, 47, 0, 0])), part('ANIM', Buffer.alloc(6)), frame, frame]);
  return part('RIFF', Buffer.concat([Buffer.from('WEBP'), body]));
}

/** A baseline JPEG of 8 by 8 pixels with four components: one block each, DC difference 0, end of block. */
function cmykJpeg() {
  const segment = (marker, body) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(body.length + 2, 2);
    return Buffer.concat([head, Buffer.from(body)]);
  };
  const components = [1, 2, 3, 4];
  const oneSymbol = [1, ...Array(15).fill(0), 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xee, [...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, 0]),
    segment(0xdb, [0, ...Array(64).fill(1)]),
    segment(0xc0, [8, 0, 8, 0, 8, 4, ...components.flatMap((id) => [id, 0x11, 0])]),
    segment(0xc4, [0x00, ...oneSymbol]),
    segment(0xc4, [0x10, ...oneSymbol]),
    segment(0xda, [4, ...components.flatMap((id) => [id, 0]), 0, 63, 0]),
    Buffer.from([0x00, 0xff, 0xd9]),
  ]);
}
