import { BlockList, isIP } from 'node:net';
import { AppError } from '../../../core/errors.ts';

/** Whether an address may be called. */
export type AddressCheck = (address: string) => boolean;

/** What is not on the open internet. https://www.iana.org/assignments/iana-ipv4-special-registry */
const notGlobal4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Of `2000::/3`, which alone is global, what is not: protocol assignments with Teredo, documentation, 6to4. https://www.iana.org/assignments/iana-ipv6-special-registry */
const notGlobal6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const denied4 = listOf(notGlobal4);
const denied6 = listOf(notGlobal6);
const global6 = listOf(['2000::/3']);

/**
 * Makes the check: global addresses may be called, and those in `allowed` (CIDR, or single addresses). An IPv4 address in an IPv6 one is judged as the former.
 * @throws AppError INVALID_CONFIG for what is no network
 */
export function addressCheck(allowed: readonly string[]): AddressCheck {
  const extra = listOf(allowed);
  return (given) => {
    const address = embedded4(given) ?? given.replace(/%.*$/, '');
    const family = isIP(address);
    if (family === 0) return false;
    if (extra.check(address, family === 4 ? 'ipv4' : 'ipv6')) return true;
    return family === 4 ? !denied4.check(address, 'ipv4') : global6.check(address, 'ipv6') && !denied6.check(address, 'ipv6');
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address);
    const width = bits === undefined ? (family === 4 ? 32 : 128) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || width < 0 || width > (family === 4 ? 32 : 128))
      throw new AppError('INVALID_CONFIG', `alerts.allowAddresses: "${network}" is no network: write 10.0.0.0/8 or an address`);
    list.addSubnet(address, width, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** The IPv4 address of `::ffff:a.b.c.d`, in whichever spelling. */
function embedded4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const url = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname;
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(url) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)].flatMap((pair) => [pair >> 8, pair & 255]);
  return bytes.join('.');
}
