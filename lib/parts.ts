import type { NetworkStack } from './stacks/network.ts';
import type { Search } from './stacks/search.ts';
import type { StorageStack } from './stacks/storage.ts';
import type { Stream } from './stacks/stream.ts';
import type { StageSettings } from './stages.ts';

/** What the functions of a stage stand on. */
export type Parts = {
  stage: StageSettings;
  /** Absent where everything is reached over the open network: the emulator. */
  network: NetworkStack | undefined;
  storage: StorageStack;
  stream: Stream;
  /** Absent: the stage has no hot store. */
  search: Search | undefined;
  /** Stands before every topic. */
  topicPrefix: string;
  /** The folder of a function's bundle, by its name. */
  bundleOf: (name: string) => string;
};
