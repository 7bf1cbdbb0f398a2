import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import type { Compression } from './options.ts';

export const compressionTypes: Record<Compression, number> = {
  none: kafkajs.CompressionTypes.None,
  snappy: kafkajs.CompressionTypes.Snappy,
  zstd: kafkajs.CompressionTypes.ZSTD,
};

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const snappyCodec = snappy();

export async function compressed(bytes: Buffer, compression: Compression): Promise<Buffer> {
  if (compression === 'none') return bytes;
  return compression === 'zstd' ? compress(bytes) : snappyCodec.compress({ buffer: bytes });
}

/** Gives kafkajs the codecs that it knows by name only; to be called before the first message. */
export function registerCodecs(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.Snappy] = snappy;
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: (buffer: Buffer) => decompress(buffer),
  });
}
