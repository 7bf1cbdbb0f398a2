/** One Server-Sent Event. https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export type ServerEvent = { event: string; data: string; id: string | undefined };

/** Reads events from a response's body. An id counts for the events after it too, also without data; `onId` is told each. */
export async function* readEvents(body: AsyncIterable<Uint8Array>, onId: (id: string) => void = () => {}): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  let id: string | undefined;
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        // The id is passed on before the event, which whoever reads may be slow with.
        if (id !== undefined) onId(id);
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
        event = '';
        data = [];
        continue;
      }
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') data.push(value);
      else if (field === 'event') event = value;
      else if (field === 'id' && !value.includes('\0')) id = value;
    }
  }
}
