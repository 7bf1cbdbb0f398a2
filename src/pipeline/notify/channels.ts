import type { ChannelConfig } from '../../alerts/channels/schema.ts';
import type { NoticeTemplates } from '../../alerts/routing/notice-text.ts';
import { AppError } from '../../core/errors.ts';
import type { Notifier } from '../../core/ports/notifier.ts';
import type { NotifySettings } from './settings.ts';
import type { NotifyDeps } from './types.ts';

type Open = { config: string; notifier: Promise<Notifier>; texts: NoticeTemplates };

/** Channels as they are used: opened when first needed, and anew when their configuration has changed. */
export class Channels {
  readonly #deps: NotifyDeps;
  readonly #settings: NotifySettings;
  readonly #open = new Map<string, Open>();

  constructor(deps: NotifyDeps, settings: NotifySettings) {
    this.#deps = deps;
    this.#settings = settings;
  }

  /** @throws AppError INVALID_CONFIG where there is no such channel, or it cannot be opened as it is configured */
  async open(tenant: string, name: string): Promise<{ notifier: Notifier; texts: NoticeTemplates }> {
    const channel = (await this.#settings.channels(tenant)).get(name);
    if (!channel) throw new AppError('INVALID_CONFIG', `there is no channel "${name}" any more`);
    const key = `${tenant} ${name}`;
    const config = JSON.stringify(channel.config);
    const known = this.#open.get(key);
    if (known?.config === config) return { notifier: await known.notifier, texts: known.texts };
    if (known) void known.notifier.then((notifier) => notifier.close()).catch(() => {});
    const made = { config, notifier: this.#deps.open(channel.config, name), texts: textsOf(channel.config) };
    // One that could not be opened is tried again: its secret may be there by then.
    made.notifier.catch(() => this.#open.delete(key));
    this.#open.set(key, made);
    return { notifier: await made.notifier, texts: made.texts };
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(open.map(async ({ notifier }) => (await notifier).close()));
  }
}

const textsOf = (config: ChannelConfig): NoticeTemplates =>
  'subject' in config || 'text' in config ? { subject: config.subject, text: config.text } : {};
