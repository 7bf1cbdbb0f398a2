import { defineProcessor } from '../../core/processor.ts';
import manifest from './manifest.ts';

export default defineProcessor(manifest, () => () => undefined);
