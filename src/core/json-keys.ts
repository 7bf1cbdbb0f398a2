/** The end of a string that ends with a backslash (an even number of them before the quote), and a colon: the end of a key. */
const keyEnd = /(?<!\\)(?:\\\\)+"\s*:/;

/**
 * Whether some key in a JSON text ends with a backslash. Such a key must never reach `JSON.parse`: V8 (seen in 13.6) remembers it, and takes
 * escaped keys of later texts in the same place for it: after `{"\\":1}`, `{"\n":1}` is read with the key `\`. One sender's key would change others'.
 */
export const hasKeyEndingInBackslash = (text: string): boolean => text.includes('\\\\"') && keyEnd.test(text);
