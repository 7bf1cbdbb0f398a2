import { MemoryHotStore } from '../../src/adapters/hot/memory/memory-hot-store.ts';
import { describeHotStore } from './hot-store.contract.ts';

describeHotStore('memory', async () => new MemoryHotStore());
