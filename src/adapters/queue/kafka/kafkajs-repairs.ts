import Connection from 'kafkajs/src/network/connection.js';

const connecting = new WeakMap<Connection, Promise<boolean>>();
const connectOnce = Connection.prototype.connect;

/**
 * Mends kafkajs 2.2.4's connections, which are used again after they were closed. It keeps the bytes of an answer that was cut off and takes them
 * for the beginning of the next one on the new socket: that ends the process with a RangeError, or gives a request another's answer. And it opens
 * two sockets for two requests that come at once, and waits for ever where a peer ends before TLS is set up.
 */
Connection.prototype.connect = function (this: Connection): Promise<boolean> {
  if (this.isConnected()) return Promise.resolve(true);
  const known = connecting.get(this);
  if (known) return known;
  this.chunks = [];
  this.bytesBuffered = 0;
  this.bytesNeeded = Int32Array.BYTES_PER_ELEMENT;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`no connection to ${this.broker}`), { name: 'KafkaJSConnectionError', retriable: true });
    timer = setTimeout(() => reject(error), 2 * this.connectionTimeout);
  });
  const connected = Promise.race([connectOnce.call(this), late]).finally(() => {
    clearTimeout(timer);
    connecting.delete(this);
  });
  connecting.set(this, connected);
  return connected;
};
