// Folders in, and working through many pictures: the list, decisions by key, the same file again, what is no file.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { serve } from './server.mjs';
import { unzip } from './zip.mjs';

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const small = phantom('dermoscopy', 15, 96, 64);

/** A folder with three pictures, the true mask of one, and files that are no images. */
function madeFolder(t) {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'delineo-folder-')), 'set');
  t.after(() => rmSync(path.dirname(folder), { recursive: true }));
  for (const name of ['images', 'masks', 'images/later']) mkdirSync(path.join(folder, name), { recursive: true });
  const { buffer } = small.file;
  writeFileSync(path.join(folder, 'images/10.png'), buffer);
  writeFileSync(path.join(folder, 'images/9.png'), buffer);
  writeFileSync(path.join(folder, 'images/later/1.png'), buffer);
  writeFileSync(path.join(folder, 'masks/9.png'), small.mask);
  writeFileSync(path.join(folder, 'images/._9.png'), Buffer.from([0, 5, 0x16, 7, 0, 2, 0, 0]));
  writeFileSync(path.join(folder, 'table.csv'), 'name,area\n');
  return folder;
}

const open = async (t, options) => (await openWindow(t, browser, server.origin, options)).open();
const list = (app) => app.page.getByRole('listbox', { name: 'Images' });
const names = (app) => list(app).getByRole('option').evaluateAll((options) => options
  .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet)
  .map((option) => option.querySelector('.image-text .ellipsis').textContent));
const option = (app, name) => list(app).getByRole('option', { name, exact: true });

/** Drops files of these names, all with the same content, or whatever `data` holds by format. */
function drop(app, called, data = {}) {
  return app.page.evaluate(([base64, fileNames, texts]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    for (const name of fileNames) transfer.items.add(new File([bytes], name, { type: 'image/png', lastModified: 1 }));
    for (const [format, text] of Object.entries(texts)) transfer.setData(format, text);
    const event = new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    return event.defaultPrevented;
  }, [small.file.buffer.toString('base64'), called, data]);
}

test('a chosen folder is listed in natural order, its masks are truths, and the rest is counted', async (t) => {
  const app = await open(t);
  await app.page.getByLabel('Open folder', { exact: true }).setInputFiles(madeFolder(t));
  await app.done('9.png');
  assert.deepEqual(await names(app), ['9.png', '10.png', '1.png']);
  await app.says(/2 files were passed over: they are no images/);
  assert.match(await option(app, '1.png').getAttribute('aria-description'), /set\/images\/later/);
  await app.page.getByText('Dice').first().waitFor();
  app.assertNoFaults();
});

test('a dropped folder is read to its end, however few files the browser tells at once', async (t) => {
  const app = await open(t);
  await app.page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const file = (name, content = bytes) => ({ name, isFile: true, isDirectory: false, file: (kept) => kept(new File([content], name, { lastModified: 1 })) });
    const folder = (name, portions) => ({
      name,
      isFile: false,
      isDirectory: true,
      createReader: () => {
        const left = [...portions, []];
        return { readEntries: (kept) => setTimeout(() => kept(left.shift()), 1) };
      },
    });
    // Only a real drag makes entries, so they are played.
    const entry = folder('scans', [[file('2.png'), file('1.png')], [folder('deep', [[file('3.png')]])], [file('notes.txt', 'what was seen')]]);
    DataTransferItem.prototype.webkitGetAsEntry = () => entry;
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'scans'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, small.file.buffer.toString('base64'));
  await app.done('1.png');
  assert.deepEqual(await names(app), ['1.png', '2.png', '3.png']);
  await app.says(/1 file was passed over/);
  app.assertNoFaults();
});

test('of five thousand pictures only the rows in view are in the page, and the last is an End away', async (t) => {
  const app = await open(t);
  const called = Array.from({ length: 5000 }, (_, number) => `picture-${number + 1}.png`);
  await drop(app, called);
  await app.done('picture-1.png');
  await until(async () => (await list(app).getByRole('option').first().getAttribute('aria-setsize')) === '5000', 'all pictures');
  assert.ok((await list(app).getByRole('option').count()) < 40);
  await list(app).focus();
  await app.page.keyboard.press('End');
  await app.done('picture-5000.png');
  await until(() => option(app, 'picture-5000.png').isVisible(), 'the last row');
  assert.ok((await list(app).getByRole('option').count()) < 40);
  assert.equal(await list(app).getAttribute('aria-activedescendant'), await option(app, 'picture-5000.png').getAttribute('id'));
  await app.page.keyboard.press('ArrowUp');
  await app.done('picture-4999.png');
  app.assertNoFaults();
});

test('the list of five thousand pictures is scrolled while they are segmented, and each frame has time for it', async (t) => {
  const app = await open(t);
  await drop(app, Array.from({ length: 5000 }, (_, number) => `picture-${number + 1}.png`));
  await app.done('picture-1.png');
  const bar = app.page.getByRole('progressbar', { name: 'Segmenting' });
  await bar.waitFor();
  await until(async () => (await list(app).getByRole('option').first().getAttribute('aria-setsize')) === '5000', 'all pictures');
  const session = await app.page.context().newCDPSession(app.page);
  // Time of the processor, so that what else the machine does is not counted.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metrics = async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value * 1000]));
  const done = () => bar.evaluate((element) => element.value);
  const [before, began] = [await metrics(), await done()];
  const { gaps, rows } = await list(app).evaluate((element) => new Promise((resolve) => {
    const told = { gaps: [], rows: 0 };
    let last;
    const frame = (now) => {
      if (last !== undefined) told.gaps.push(now - last);
      last = now;
      told.rows = Math.max(told.rows, element.querySelectorAll('[role=option]').length);
      element.scrollTop += 40;
      if (told.gaps.length < 300) requestAnimationFrame(frame);
      else resolve(told);
    };
    requestAnimationFrame(frame);
  }));
  const [after, ended] = [await metrics(), await done()];
  const each = (name) => (after[name] - before[name]) / gaps.length;
  const sorted = [...gaps].sort((one, other) => one - other);
  const [median, most] = [0.5, 0.95].map((part) => sorted[Math.floor(gaps.length * part)].toFixed(1));
  t.diagnostic(`a frame every ${median} ms, 95 % within ${most} ms, while ${ended - began} pictures were segmented`);
  t.diagnostic(`each takes ${each('TaskDuration').toFixed(1)} ms: script ${each('ScriptDuration').toFixed(1)}, style ${each('RecalcStyleDuration').toFixed(1)}, layout ${each('LayoutDuration').toFixed(1)}`);
  assert.ok(ended > began, 'it goes on');
  assert.ok(rows < 40, `${rows} rows`);
  // 60 frames a second leave 16.7 ms.
  assert.ok(each('ScriptDuration') + each('RecalcStyleDuration') + each('LayoutDuration') < 12);
  app.assertNoFaults();
});

test('pictures are accepted, rejected, flagged and noted by key, listed by that, and taken back', async (t) => {
  const app = await open(t);
  await drop(app, ['1.png', '2.png', '3.png']);
  await app.done('1.png');
  await app.page.keyboard.press('g');
  await app.page.keyboard.press('w');
  await until(() => app.page.getByLabel('Note', { exact: true }).evaluate((note) => note === document.activeElement), 'the note');
  await app.page.keyboard.type('hair over the border');
  await app.page.keyboard.press('Escape');
  await app.page.keyboard.press('a');
  await app.done('2.png');
  await app.page.getByRole('button', { name: 'Reject', exact: true }).click();
  await app.done('3.png');
  assert.match(await option(app, '1.png').getAttribute('aria-description'), /accepted, flagged.*note/);
  await app.page.getByLabel('Show', { exact: true }).selectOption({ label: 'Rejected (1)' });
  assert.deepEqual(await names(app), ['2.png']);
  await app.page.getByLabel('Show', { exact: true }).selectOption({ label: 'All (3)' });
  await app.page.keyboard.press('z');
  await app.done('2.png');
  assert.doesNotMatch(await option(app, '2.png').getAttribute('aria-description'), /rejected/);
  await app.page.getByRole('button', { name: 'Next', exact: true }).click();
  await app.done('3.png');
  await app.page.keyboard.press('n');
  await app.says(/This is the last picture/);
  app.assertNoFaults();
});

test('the same file again selects the open one', async (t) => {
  const app = await open(t);
  await drop(app, ['1.png', '2.png']);
  await app.done('1.png');
  await drop(app, ['2.png']);
  await app.done('2.png');
  assert.deepEqual(await names(app), ['1.png', '2.png']);
  await app.says(/“2.png” is open already/);
});

test('a link, a picture of another page and a text are refused with the reason, and the page stays', async (t) => {
  const app = await open(t);
  await drop(app, ['1.png']);
  await app.done('1.png');
  const address = app.page.url();
  assert.ok(await drop(app, [], { 'text/uri-list': 'https://example.org/mole.jpg', 'text/plain': 'https://example.org/mole.jpg' }));
  await app.says(/mole\.jpg.*nothing from the network/);
  assert.ok(await drop(app, [], { 'text/plain': 'some words' }));
  await app.says(/text, not an image/);
  assert.equal(app.page.url(), address);
  await app.done('1.png');
  app.assertNoFaults();
});

test('on a phone the list is a sheet that goes when a picture is chosen', async (t) => {
  const app = await open(t, { viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 });
  await drop(app, ['1.png', '2.png']);
  await app.done('1.png');
  assert.equal(await list(app).count(), 0);
  await app.page.getByRole('button', { name: /list of pictures/ }).click();
  await option(app, '2.png').click();
  await app.done('2.png');
  await until(async () => (await list(app).count()) === 0, 'the sheet to go');
  app.assertNoFaults();
});

test('all pictures are exported as one archive, also those that were never on the stage', async (t) => {
  const app = await open(t);
  await drop(app, ['1.png', '2.png', '3.png']);
  await app.done('1.png');
  const [download] = await Promise.all([app.page.waitForEvent('download'), app.page.keyboard.press('y')]);
  assert.equal(download.suggestedFilename(), 'delineo-export.zip');
  const archive = readFileSync(await download.path());
  // The names at its end, where the directory of an archive is.
  for (const name of ['1_mask.png', '2_overlay.png', '3_probability.png', 'measurements.csv', 'session.json']) {
    assert.ok(archive.lastIndexOf(name) > archive.length / 2, name);
  }
  app.assertNoFaults();
});

test('the formats of the archive can be chosen, and the choice is remembered', async (t) => {
  const app = await open(t);
  await drop(app, ['1.png', '2.png']);
  await app.done('1.png');
  const format = (name) => app.page.getByRole('checkbox', { name, exact: true });
  await app.page.getByText('Formats', { exact: true }).click();
  await format('Probability map, 16-bit PNG').uncheck();
  await format('Report, HTML').check();
  await format('LabelMe, JSON').check();
  await format('nnU-Net raw data set').check();
  const saved = await app.saved(() => app.page.getByRole('button', { name: 'Export all', exact: true }).click());
  const names = saved.bytes.toString('latin1');
  for (const name of ['1_mask.png', '2.json', '1_report.html', 'Dataset001_Delineo/imagesTr/2_0000.png', 'session.json']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.includes('1_probability.png'));
  await app.page.reload();
  await app.fileInput.waitFor({ state: 'attached' });
  await drop(app, ['1.png']);
  await app.done('1.png');
  await app.page.getByText('Formats', { exact: true }).click();
  assert.ok(await format('LabelMe, JSON').isChecked());
  app.assertNoFaults();
});

test('where the browser lets a person choose a file the archive is written there part by part', async (t) => {
  const app = await open(t);
  // The dialog itself cannot be answered by a test: a stand-in gives a file of the private file system of the origin.
  await app.page.addInitScript(() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
      const folder = await navigator.storage.getDirectory();
      return folder.getFileHandle(suggestedName, { create: true });
    };
  });
  await app.page.reload();
  await app.fileInput.waitFor({ state: 'attached' });
  await drop(app, ['1.png', '2.png']);
  await app.done('1.png');
  await app.page.getByText('Formats', { exact: true }).click();
  await app.page.getByRole('button', { name: 'Export to a file…' }).click();
  await app.says(/Saved as delineo-export\.zip/);
  const written = await app.page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle('delineo-export.zip')).getFile();
    return new TextDecoder('latin1').decode(await file.arrayBuffer());
  });
  assert.ok(written.startsWith('PK'));
  for (const name of ['1_mask.png', '2_mask.png', 'session.json']) assert.ok(written.lastIndexOf(name) > 0, name);
  app.assertNoFaults();
});

test('where the browser lets a person choose a folder the same files are written into a new one there, and nothing else is touched', async (t) => {
  const app = await open(t);
  // As above. What an earlier export left has the first name.
  await app.page.addInitScript(() => {
    window.showDirectoryPicker = async ({ mode }) => {
      if (mode !== 'readwrite') throw new Error('the folder cannot be written');
      const disk = await navigator.storage.getDirectory();
      return disk.getDirectoryHandle('chosen', { create: true });
    };
  });
  await app.page.reload();
  await app.fileInput.waitFor({ state: 'attached' });
  await app.page.evaluate(async () => {
    const chosen = await window.showDirectoryPicker({ mode: 'readwrite' });
    const earlier = await chosen.getDirectoryHandle('delineo-export', { create: true });
    const stream = await (await earlier.getFileHandle('session.json', { create: true })).createWritable();
    await stream.write('earlier');
    await stream.close();
  });
  await app.page.getByLabel('Open folder', { exact: true }).setInputFiles(madeFolder(t));
  await app.done('9.png');
  const { bytes } = await app.saved(() => app.page.getByRole('button', { name: 'Export all', exact: true }).click());
  const archive = unzip(bytes);
  await app.page.getByText('Formats', { exact: true }).click();
  await app.page.getByRole('button', { name: 'Export to a folder…' }).click();
  await app.says(/Saved in the folder delineo-export-2\./);
  const written = await app.page.evaluate(async () => {
    const files = {};
    const walk = async (folder, path) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'directory') await walk(handle, `${path}${name}/`);
        else files[path + name] = Array.from(new Uint8Array(await (await handle.getFile()).arrayBuffer()));
      }
    };
    await walk(await window.showDirectoryPicker({ mode: 'readwrite' }), '');
    return files;
  });
  assert.equal(Buffer.from(written['delineo-export/session.json']).toString(), 'earlier');
  delete written['delineo-export/session.json'];
  const loose = new Map(Object.entries(written).map(([name, content]) => [name.replace('delineo-export-2/', ''), Buffer.from(content)]));
  assert.deepEqual([...loose.keys()].sort(), [...archive.keys()].sort());
  for (const name of ['set/images/9_mask.png', 'set/images/later/1_mask.png']) {
    assert.deepEqual(loose.get(name), Buffer.from(archive.get(name)), name);
  }
  assert.equal(JSON.parse(loose.get('session.json')).images.length, 3);
  app.assertNoFaults();
});
