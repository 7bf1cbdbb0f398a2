// Written by scripts/gen.ts from the folders beside it.
import { type Processor, processConfigSchema } from '../core/processor.ts';
import drop from './drop/index.ts';
import grok from './grok/index.ts';
import labels from './labels/index.ts';
import parseAccessLog from './parse-access-log/index.ts';
import parseAppLine from './parse-app-line/index.ts';
import parseJson from './parse-json/index.ts';
import parseLogfmt from './parse-logfmt/index.ts';
import parseSyslog from './parse-syslog/index.ts';
import require from './require/index.ts';
import sample from './sample/index.ts';
import sampleTraces from './sample-traces/index.ts';
import stackTrace from './stack-trace/index.ts';

/** Every processor. */
export const processors: Processor[] = [
  drop,
  grok,
  labels,
  parseAccessLog,
  parseAppLine,
  parseJson,
  parseLogfmt,
  parseSyslog,
  require,
  sample,
  sampleTraces,
  stackTrace,
];

/** What `process` in logdrive.yaml may say. */
export const processConfig = processConfigSchema(processors);
