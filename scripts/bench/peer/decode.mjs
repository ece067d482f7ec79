// Decodes pictures for scoring, so that one decoder reads what every encoder wrote: a path a
// line on stdin; on stdout, for each, its width and height as 32-bit little-endian numbers and
// its pixels as upright 8-bit sRGB, three bytes each. Transparency is laid on white. A picture
// that cannot be read has width 0, and a height that is the length of the message after it.
import { createInterface } from 'node:readline';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const header = (width, height) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(height, 4);
  return bytes;
};

for await (const file of createInterface({ input: process.stdin })) {
  try {
    const { data, info } = await sharp(file, { failOn: 'truncated' })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels`);
    process.stdout.write(header(info.width, info.height));
    process.stdout.write(data);
  } catch (error) {
    const message = Buffer.from(String(error));
    process.stdout.write(header(0, message.length));
    process.stdout.write(message);
  }
}
