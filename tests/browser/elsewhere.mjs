// What the tests in browsers other than Chromium share: the job that a person does, and files where no driver tells of
// downloads.

import assert from 'node:assert/strict';

import { grey, iou } from './png.mjs';

/** Opens the picture, moves the threshold, saves the mask and compares it with the truth. */
export async function wholeJob(app, picture) {
  await app.segment(picture.file);
  await app.setThreshold(0.4);
  const { name, bytes } = await app.savedMask();
  assert.equal(name, picture.file.name.replace('.png', '_mask.png'));
  const overlap = iou(grey(bytes), grey(picture.mask));
  assert.ok(overlap >= 0.5, `${overlap}`);
}

/** In the page: keeps what it hands to the browser as a file in `window.saved`. */
export function keepWhatIsSaved() {
  const blobs = new Map();
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    const address = create(blob);
    blobs.set(address, blob);
    return address;
  };
  HTMLAnchorElement.prototype.click = async function () {
    const bytes = new Uint8Array(await blobs.get(this.href).arrayBuffer());
    window.saved = { name: this.download, base64: btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), '')) };
  };
}
