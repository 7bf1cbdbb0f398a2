import type { Server } from 'node:http';
import { AppError } from '../../core/errors.ts';
import { fileErrorCode } from '../../core/ports/file-system.ts';

/**
 * Listens where the settings say; resolves to the URL. Where it cannot, everything is given back by `stop`.
 * @throws AppError INVALID_CONFIG
 */
export async function listenOn(server: Server, { host, port }: { host: string; port: number }, stop: () => Promise<void>): Promise<string> {
  return await listen(server, host, port).catch(async (error: unknown) => {
    await stop();
    const why = fileErrorCode(error) === 'EADDRINUSE' ? 'another process listens there' : String(error);
    throw new AppError('INVALID_CONFIG', `cannot listen on ${host} port ${port}: ${why}; stop it, or choose another port`);
  });
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}

/** Lets requests under way end, for a while; then closes their connections. */
export function closeServer(server: Server): Promise<void> {
  const patienceMs = 10_000;
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
