// PNG files read apart from the app: their chunks, their pixels, and how two masks agree.

import { PNG } from 'pngjs';

/** The types of a file's chunks, in order. */
export function chunks(bytes) {
  const types = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) types.push(bytes.toString('latin1', at + 4, at + 8));
  return types;
}

/** Width, height, bits per sample and colour type (0 grey, 2 RGB, 6 RGBA) from the header. */
export function header(bytes) {
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    depth: bytes[24],
    colour: bytes[25],
  };
}

/** First channel of each pixel, 0 to 255. */
export function grey(bytes) {
  const { width, height, data } = PNG.sync.read(bytes);
  return { width, height, values: Uint8Array.from({ length: width * height }, (_, index) => data[index * 4]) };
}

/** RGBA samples as they are stored, 16-bit ones unscaled. */
export function deep(bytes) {
  return PNG.sync.read(bytes, { skipRescale: true });
}

/** Encodes RGB pixels. */
export function encode(width, height, rgb, extraChunks = []) {
  const image = new PNG({ width, height });
  for (let index = 0; index < width * height; index += 1) {
    image.data.set([...rgb.subarray(index * 3, index * 3 + 3), 255], index * 4);
  }
  const bytes = PNG.sync.write(image, { colorType: 2 });
  const afterHeader = 8 + 25;
  return Buffer.concat([bytes.subarray(0, afterHeader), ...extraChunks, bytes.subarray(afterHeader)]);
}

/** A chunk with its length and checksum (PNG specification, section 5.3). */
export function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, tail]);
}

/** The checksum of PNG and gzip (ISO 3309). */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Intersection over union of what is bright in both. */
export function iou(one, other) {
  if (one.width !== other.width || one.height !== other.height) {
    throw new Error(`${one.width}x${one.height} and ${other.width}x${other.height} cannot be compared`);
  }
  let both = 0;
  let either = 0;
  one.values.forEach((value, index) => {
    const [here, there] = [value > 127, other.values[index] > 127];
    both += here && there ? 1 : 0;
    either += here || there ? 1 : 0;
  });
  return either === 0 ? 1 : both / either;
}
