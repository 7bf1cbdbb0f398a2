import { afterEscape, backslash, coverText, lineFeed, type MaskJob, quote } from './mask-cover.ts';
import type { Act, Trigger } from './mask-scan.ts';
import { ascii, flags } from './mask-text.ts';

const alnum = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const isWord = flags(`${alnum}_`);
const isBase64Url = flags(`${alnum}_-`);
const isAwsKey = flags('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
const isToken = flags(`${alnum}_-.~+/=`);
const isTokenOrDot = flags(`${alnum}_-.`);
const isMailName = flags(`${alnum}._%+-`);
const isMailHost = flags(`${alnum}.-`);
const endsUserInfo = flags(' \t\n\r"\'`\\/?#<>');

/**
 * Prefixes of tokens whose makers gave them one, and how many characters follow at least. GitHub, GitLab, Slack, Stripe, Google, OpenAI and
 * Anthropic, npm, PyPI, SendGrid, Docker Hub, HashiCorp Vault, Hugging Face, DigitalOcean, Shopify, and our own keys.
 */
const vendors: [prefix: string, minRest: number][] = [
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((p): [string, number] => [p, 20]),
  ['github_pat_', 20],
  ['glpat-', 16],
  ...['xoxa-', 'xoxb-', 'xoxe-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'].map((p): [string, number] => [p, 10]),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map((p): [string, number] => [p, 10]),
  ['AIza', 35],
  ...['sk-ant-', 'sk-proj-'].map((p): [string, number] => [p, 20]),
  ['npm_', 36],
  ['pypi-', 50],
  ['SG.', 40],
  ['dckr_pat_', 20],
  ...['hvs.', 'hvb.'].map((p): [string, number] => [p, 24]),
  ['hf_', 30],
  ['dop_v1_', 40],
  ...['shpat_', 'shpss_'].map((p): [string, number] => [p, 24]),
  ['ld_', 40],
];

/** The triggers that find secrets by how they look. */
export function secretTriggers(): Trigger[] {
  return [
    { text: 'bearer', anyCase: true, act: bearer },
    { text: '://', anyCase: false, needs: '@', act: (job, at) => urlPassword(job, at + 3) },
    { text: ':\\/\\/', anyCase: false, needs: '@', act: (job, at) => urlPassword(job, at + 5) },
    ...['AKIA', 'ASIA'].map((text): Trigger => ({ text, anyCase: false, act: awsKey })),
    { text: 'eyJ', anyCase: false, act: webToken() },
    { text: 'PRIVATE KEY', anyCase: false, act: privateKey },
    ...vendors.map(([prefix, minRest]): Trigger => ({ text: prefix, anyCase: false, act: vendorToken(prefix.length, minRest) })),
  ];
}

export const mailTrigger: Trigger = { text: '@', anyCase: false, act: (job, at) => mailAddress(job, at) };

/** `Bearer <token>` anywhere. A word of prose that follows is no token: one has a digit or a sign in it, or is long. */
function bearer(job: MaskJob, at: number): void {
  const { bytes } = job;
  let from = at + 6;
  while (bytes[from] === 0x20) from++;
  if (from === at + 6) return;
  const to = runEnd(bytes, from, isToken);
  if (to - from >= 20 || (to - from >= 8 && /[\d+/=_~]/.test(ascii(bytes, from, to)))) coverText(job, 'bearer', from, to);
}

/** The password of `scheme://user:password@host`; `from` is behind the slashes. The last `@` before the path divides. */
function urlPassword(job: MaskJob, from: number): void {
  const { bytes } = job;
  let divider = -1;
  let sign = -1;
  for (let p = from; p < bytes.length && !endsUserInfo[bytes[p]!]; p++) {
    if (bytes[p] === 0x40) sign = p;
    else if (bytes[p] === 0x3a && divider < 0) divider = p;
  }
  if (divider >= 0 && sign > divider + 1) coverText(job, 'url_password', divider + 1, sign);
}

function awsKey(job: MaskJob, at: number): void {
  const to = runEnd(job.bytes, at, isAwsKey);
  if (to - at === 20 && !isWord[job.bytes[to]!] && beginsWord(job.bytes, at)) coverText(job, 'aws_key', at, to);
}

/**
 * Makes the act that covers JSON web tokens, RFC 7519: a header that begins `{"`, and at least a payload behind a dot; all parts are covered.
 * Of one run of characters the end is looked for once.
 */
function webToken(): Act {
  let looked: { job: MaskJob; to: number } | undefined;
  return (job, at) => {
    const { bytes } = job;
    if ((looked?.job === job && at < looked.to) || !beginsWord(bytes, at)) return;
    const header = runEnd(bytes, at, isBase64Url);
    looked = { job, to: header };
    if (header - at < 10 || bytes[header] !== 0x2e) return;
    if (runEnd(bytes, header + 1, isBase64Url) - header > 4) coverText(job, 'jwt', at, runEnd(bytes, at, isTokenOrDot));
  };
}

/** What stands between the lines `-----BEGIN … PRIVATE KEY-----` and `-----END`, or to the end of the string. RFC 7468. */
function privateKey(job: MaskJob, at: number): void {
  const { bytes } = job;
  if (!ascii(bytes, Math.max(0, at - 24), at).includes('BEGIN ')) return;
  const from = at + 'PRIVATE KEY'.length + (ascii(bytes, at + 11, at + 17) === ' BLOCK' ? 6 : 0);
  if (ascii(bytes, from, from + 5) !== '-----') return;
  let p = from + 5;
  while (p < bytes.length && bytes[p] !== quote && bytes[p] !== lineFeed) {
    if (bytes[p] === 0x2d && ascii(bytes, p, p + 8) === '-----END') break;
    p = bytes[p] === backslash ? afterEscape(bytes, p) : p + 1;
  }
  coverText(job, 'private_key', from + 5, Math.min(p, bytes.length));
}

const vendorToken =
  (prefixLength: number, minRest: number): Act =>
  (job, at) => {
    if (!beginsWord(job.bytes, at)) return;
    const to = runEnd(job.bytes, at + prefixLength, isTokenOrDot);
    if (to - at - prefixLength >= minRest) coverText(job, 'vendor_token', at, to);
  };

function mailAddress(job: MaskJob, sign: number): void {
  const { bytes } = job;
  let from = sign;
  while (from > 0 && isMailName[bytes[from - 1]!]) from--;
  from = outsideEscape(bytes, from);
  let to = runEnd(bytes, sign + 1, isMailHost);
  while (bytes[to - 1] === 0x2e || bytes[to - 1] === 0x2d) to--;
  if (from < sign && /\.[A-Za-z]{2,}$/.test(ascii(bytes, sign + 1, to))) coverText(job, 'email', from, to);
}

export function runEnd(bytes: Uint8Array, at: number, table: Uint8Array): number {
  let p = at;
  while (p < bytes.length && table[bytes[p]!]) p++;
  return p;
}

/** Whether a word begins at `at`: behind what is no letter, digit or `_`, or behind an escape such as `\n`. */
export const beginsWord = (bytes: Uint8Array, at: number): boolean => !isWord[bytes[at - 1]!] || outsideEscape(bytes, at - 1) >= at;

/** `at`, or the end of the escape sequence that `at` is inside of. Looks back over at most the length of one. */
export function outsideEscape(bytes: Uint8Array, at: number): number {
  for (let p = at - 1; p >= at - 5 && p >= 0; p--) {
    if (bytes[p] !== backslash) continue;
    let first = p;
    while (first > 0 && bytes[first - 1] === backslash) first--;
    if ((p - first) % 2 === 1) return at;
    return Math.max(at, afterEscape(bytes, p));
  }
  return at;
}
