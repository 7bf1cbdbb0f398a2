/** Stands for what varies from message to message. */
export const wildcard = '<*>';

const maxTokens = 48;
const maxTokenLength = 60;
/** Stands for the words of a long message that are not looked at. */
const rest = '…';

const hasDigit = /\d/;
const isHex = /^[0-9a-f]{8,}$/i;

/** The words of a message's first line, with what varies in all likelihood as a wildcard: numbers, ids, paths, addresses; of `key=value` the value. */
export function tokensOf(message: string): string[] {
  const end = message.indexOf('\n');
  const line = end < 0 ? message : message.slice(0, end);
  const words = line.trim().split(/\s+/, maxTokens + 1);
  const tokens = words.slice(0, maxTokens).map(tokenOf);
  if (words.length > maxTokens) tokens.push(rest);
  return tokens;
}

function tokenOf(word: string): string {
  const equals = word.indexOf('=');
  if (equals > 0 && equals < word.length - 1 && !hasDigit.test(word.slice(0, equals))) {
    const value = word.slice(equals + 1);
    return varies(value) ? keyOf(word) + wildcard : word.slice(0, maxTokenLength);
  }
  return varies(word) ? wildcard : word.slice(0, maxTokenLength);
}

const varies = (text: string): boolean =>
  hasDigit.test(text) || isHex.test(text) || (text.length > 0 && text[0] === '/') || text.includes('://') || text.includes('@');

/** What of a token is the same for all values: `key=` of `key=value`, else all of it. */
export function keyOf(token: string): string {
  const equals = token.indexOf('=');
  return equals > 0 && equals < token.length - 1 ? token.slice(0, equals + 1) : token;
}

/** What two tokens have in common: themselves, the key of two values, or nothing. */
export function commonToken(a: string, b: string): string {
  if (a === b) return a;
  const key = keyOf(a);
  return key.endsWith('=') && key.length > 1 && keyOf(b) === key ? key + wildcard : wildcard;
}
