// Makes the variants of photos with sharp, one request a line on stdin, one reply a line on
// stdout. How a photo is decoded is the request's mode:
//
//   clone  one sharp(file), one .clone() for each variant: what sharp's documentation shows
//   files  one sharp(file) for each variant
//   once   the photo is decoded once, reduced to the largest width and handed on as raw
//          pixels: the most that sharp's interface allows
//
// Variants are encoded one after the other with one thread and no cache, so that the CPU time
// of the process is that of the work.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const encode = {
  jpeg: (image, options) => image.jpeg(options),
  webp: (image, options) => image.webp(options),
  avif: (image, options) => image.avif(options),
};
const extension = { jpeg: 'jpg', webp: 'webp', avif: 'avif' };

const open = (file) => sharp(file, { failOn: 'truncated' }).autoOrient();

// source returns a function that gives the start of one variant's pipeline.
async function source(request) {
  switch (request.mode) {
    case 'clone': {
      const image = open(request.photo);
      return () => image.clone();
    }
    case 'files':
      return () => open(request.photo);
    case 'once': {
      const { data, info } = await open(request.photo)
        .resize({ width: Math.max(...request.settings.widths), withoutEnlargement: true })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const raw = { width: info.width, height: info.height, channels: info.channels };
      return () => sharp(data, { raw });
    }
    default:
      throw new Error(`unknown mode ${request.mode}`);
  }
}

async function variants(request) {
  const { widths, formats } = request.settings;
  const start = await source(request);
  const made = [];
  for (const width of widths) {
    for (const [format, options] of Object.entries(formats)) {
      const resized = start().resize({ width, withoutEnlargement: true });
      const { data, info } = await encode[format](resized, options ?? {}).toBuffer({ resolveWithObject: true });
      made.push({ name: String(width), format, width: info.width, height: info.height, data });
    }
  }
  return made;
}

// write stores the variants and replaces their bytes by path and length.
async function write(made, folder) {
  if (folder) await mkdir(folder, { recursive: true });
  return Promise.all(made.map(async ({ data, ...variant }) => {
    const file = folder ? path.join(folder, `${variant.name}.${extension[variant.format]}`) : '';
    if (file) await writeFile(file, data);
    return { ...variant, bytes: data.length, file };
  }));
}

console.log(JSON.stringify({ versions: sharp.versions }));
for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    const request = JSON.parse(line);
    reply = { variants: await write(await variants(request), request.out) };
  } catch (error) {
    reply = { error: String(error) };
  }
  console.log(JSON.stringify(reply));
}
