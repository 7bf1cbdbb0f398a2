/** What is masked. Tables are built once for each object: keep it, do not make one for every request. */
export type MaskSettings = {
  /** Fields whose values are secret, by the end of their name; case and the separators `_ - .` do not matter. `_` parts words. */
  readonly names: readonly string[];
  /** Secrets by how they look: bearer tokens, passwords in URLs, AWS keys, JWTs, private keys, tokens of well-known makers. */
  readonly patterns: boolean;
  /** Payment card numbers. */
  readonly cards: boolean;
  readonly emails: boolean;
};

export const defaultMaskSettings: MaskSettings = {
  names: [
    ...['password', 'passwd', 'pwd', 'passphrase', 'secret', 'token', 'authorization', 'cookie', 'credential', 'credentials', 'cvv', 'cvc'],
    ...['api_key', 'private_key', 'access_key', 'secret_key', 'account_key', 'signing_key', 'encryption_key'],
  ],
  patterns: true,
  cards: true,
  emails: false,
};

/** Nothing is masked. */
export const noMask: MaskSettings = { names: [], patterns: false, cards: false, emails: false };

/** The last word of a name, lower case: what is looked for in a body. Words part at `_`, `-`, `.`, a space, and where capitals begin. */
export function lastWord(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').split(/[_\-. ]+/);
  return words.at(-1)!.toLowerCase();
}

/** Whether a name can be masked: its last word has at least 3 ASCII letters or digits, and nothing else. */
export const canMaskName = (name: string): boolean => /^[a-z0-9]{3,}$/.test(lastWord(name));
