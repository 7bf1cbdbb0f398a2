import { expect } from 'vitest';

/** Opens a live tail and collects what arrives; `until` resolves with all of it once the text holds. */
export async function openTail(address: string, query = '', headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${address}/api/logs/tail${query}`, { headers, signal: leave.signal });
  let text = '';
  let ended = false;
  const reading = (async () => {
    try {
      for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
    } catch (thrown) {
      if (!leave.signal.aborted) throw thrown;
    }
    ended = true;
  })();
  const until = async (holds: (text: string) => boolean) => {
    await expect.poll(() => holds(text), { timeout: 5_000 }).toBe(true);
    return text;
  };
  return { response, until, leave: () => leave.abort(), reading, ended: () => ended };
}

export const messagesOf = (text: string) =>
  [...text.matchAll(/^data: (\{.*"message".*\})$/gm)].map(([, json]) => JSON.parse(json!).message as string);
export const idsOf = (text: string) => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
