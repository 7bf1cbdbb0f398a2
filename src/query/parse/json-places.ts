const token = /\s*("(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+)/y;

/** Finds where each value of a JSON text begins: offsets by path, as errors name them (`where[2][1]`, `aggregate.n`). The text must be valid JSON. */
export function jsonPlaces(json: string): Map<string, number> {
  const places = new Map<string, number>();
  token.lastIndex = 0;
  value('');
  return places;

  function next(): { text: string; at: number } {
    const found = token.exec(json);
    return found ? { text: found[1]!, at: token.lastIndex - found[1]!.length } : { text: '', at: json.length };
  }

  function value(path: string): void {
    const { text, at } = next();
    valueFrom(path, text, at);
  }

  function valueFrom(path: string, text: string, at: number): void {
    if (!places.has(path)) places.set(path, at);
    if (text === '[') list(path);
    else if (text === '{') object(path);
  }

  function list(path: string): void {
    for (let i = 0, { text, at } = next(); text !== ']' && text !== ''; i++) {
      valueFrom(`${path}[${i}]`, text, at);
      if (next().text !== ',') return;
      ({ text, at } = next());
    }
  }

  function object(path: string): void {
    for (let { text } = next(); text.startsWith('"'); { text } = next()) {
      next();
      value(childPath(path, JSON.parse(text) as string));
      if (next().text !== ',') return;
    }
  }
}

/** The path of a key's value. */
export const childPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
