import { constants } from 'node:zlib';
import { Deflate } from 'minizlib';

/** As a gateway with zlib's whole window sends them: one deflate context a connection, each message ends with 00 00 ff ff. */
export function compressor(): (message: string | Buffer) => Buffer {
  const deflate = new Deflate({ flush: constants.Z_SYNC_FLUSH });
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  return (message) => {
    deflate.write(typeof message === 'string' ? Buffer.from(message) : message);
    return Buffer.concat(chunks.splice(0));
  };
}

export function compress(messages: readonly (string | Buffer)[]): Buffer[] {
  return messages.map(compressor());
}
