// Stretches a photo with sharp's normalise(): coded photo on stdin, PNG on stdout.
import sharp from 'sharp';

const parts = [];
for await (const part of process.stdin) parts.push(part);
process.stdout.write(await sharp(Buffer.concat(parts)).normalise().png({ compressionLevel: 1 }).toBuffer());
