// DICOM files (PS3.5, explicit little endian, uncompressed) made for the tests.

/** An element with a value of bytes or text, padded to an even length. */
function element(group, number, kind, value) {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1');
  const padded = bytes.length % 2 ? Buffer.concat([bytes, Buffer.from(kind === 'UI' ? '\0' : ' ')]) : bytes;
  const isLong = ['OB', 'OW', 'SQ', 'UN', 'UT'].includes(kind);
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(kind, 4, 'latin1');
  if (isLong) head.writeUInt32LE(padded.length, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

const short = (value) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

/**
 * A grey file: `frames` are arrays of values, row by row. `spacing` is in millimetres, of rows and of columns. Where
 * `window` is given, values have 12 bits.
 */
export function dicom(name, { width, height, frames, spacing, window }) {
  const ultrasound = '1.2.840.10008.5.1.4.1.1.3.1';
  const deep = window !== undefined;
  const meta = Buffer.concat([
    element(0x0002, 0x0002, 'UI', ultrasound),
    element(0x0002, 0x0003, 'UI', '2.25.1'),
    element(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const pixels = frames.flatMap((frame) => Array.from(frame, (value) => (deep ? short(value) : Buffer.from([value]))));
  const set = [
    element(0x0008, 0x0016, 'UI', ultrasound),
    element(0x0008, 0x0018, 'UI', '2.25.1'),
    element(0x0008, 0x0060, 'CS', 'US'),
    element(0x0010, 0x0010, 'PN', 'Secret^Name'),
    ...(frames.length > 1 ? [element(0x0018, 0x1063, 'DS', '40')] : []),
    element(0x0028, 0x0002, 'US', short(1)),
    element(0x0028, 0x0004, 'CS', 'MONOCHROME2'),
    ...(frames.length > 1 ? [element(0x0028, 0x0008, 'IS', String(frames.length))] : []),
    element(0x0028, 0x0010, 'US', short(height)),
    element(0x0028, 0x0011, 'US', short(width)),
    ...(spacing ? [element(0x0028, 0x0030, 'DS', spacing.join('\\'))] : []),
    element(0x0028, 0x0100, 'US', short(deep ? 16 : 8)),
    element(0x0028, 0x0101, 'US', short(deep ? 12 : 8)),
    element(0x0028, 0x0102, 'US', short(deep ? 11 : 7)),
    element(0x0028, 0x0103, 'US', short(0)),
    ...(deep ? [element(0x0028, 0x1050, 'DS', String(window[0])), element(0x0028, 0x1051, 'DS', String(window[1]))] : []),
    element(0x7fe0, 0x0010, deep ? 'OW' : 'OB', Buffer.concat(pixels)),
  ];
  const buffer = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element(0x0002, 0x0000, 'UL', length), meta, ...set]);
  return { name, mimeType: 'application/dicom', buffer };
}
