import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** A TCP proxy that cuts connections after random numbers of bytes, in either direction: requests are lost on the way, and answers. */
export class CuttingProxy {
  /** Bytes after which the next connection is cut, both ways counted; `undefined`: never. */
  cutAfter: () => number | undefined = () => undefined;
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(host: string, port: number) {
    this.#server = createServer((near) => {
      const far = connect({ host, port });
      let left = this.cutAfter() ?? Number.POSITIVE_INFINITY;
      const end = () => {
        near.destroy();
        far.destroy();
      };
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('close', () => this.#sockets.delete(from));
        from.on('error', end).on('end', end);
        from.on('data', (bytes: Buffer) => {
          left -= bytes.length;
          if (left >= 0) return void to.write(bytes);
          this.cuts++;
          to.write(bytes.subarray(0, bytes.length + left), end);
        });
      }
    });
  }

  static async start(target: string): Promise<CuttingProxy> {
    const [host = '', port = ''] = target.split(':');
    const proxy = new CuttingProxy(host, Number(port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Makes kafkajs come this way whichever broker it means. */
  readonly socketFactory: ISocketFactory = ({ onConnect }) => {
    const { port } = this.#server.address() as AddressInfo;
    return connect({ host: '127.0.0.1', port }, onConnect);
  };

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
