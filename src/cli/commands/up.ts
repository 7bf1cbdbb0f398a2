import { configFlags, loadConfig } from '../../config/load-config.ts';
import { type Command, type Options, UsageError } from '../command.ts';

const help: Record<keyof typeof configFlags, [value: string, help: string]> = {
  port: ['PORT', 'port to listen on (LOGDRIVE_PORT) [4318]'],
  host: ['ADDRESS', 'address to listen on (LOGDRIVE_HOST) [127.0.0.1]'],
  'data-dir': ['DIR', 'folder of all data (LOGDRIVE_DATA_DIR) [.logdrive]'],
  'log-level': ['LEVEL', "the server's own log: debug, info, warn, error (LOGDRIVE_LOG_LEVEL) [info]"],
  config: ['FILE', 'another file than logdrive.yaml (LOGDRIVE_CONFIG)'],
  set: ['PATH=VALUE', 'any setting, such as warm.days=7; may be repeated'],
};

/** The flags of the configuration as options of a command. */
export const configOptions = Object.fromEntries(
  Object.entries(configFlags).map(([name, flag]) => [
    name,
    { ...flag, value: help[name as keyof typeof help][0], help: help[name as keyof typeof help][1] },
  ]),
) as Options;

export const up: Command = {
  usage: '',
  about: 'Ready when GET /ready answers 200; Ctrl-C drains and stops. Settings: docs/reference/config.md.',
  options: {
    ...configOptions,
    profile: {
      type: 'boolean',
      value: '[services]',
      help: '`services`: on Kafka, OpenSearch, S3, DynamoDB and SQS (docs/services.md); alone: write CPU and heap profiles into the data folder',
    },
    'new-generation': { type: 'boolean', help: 'begin the log anew after it was lost (QUEUE_REWOUND); what is stored stays' },
  },
  examples: [
    'logdrive up',
    'logdrive up --profile services',
    'logdrive up --port 5000 --data-dir /var/lib/logdrive',
    'logdrive up --set warm.days=7 --set mask.emails=true',
  ],
  async run({ io, host, argv, positionals, values }) {
    // `--profile` is a switch and, before this word, a choice.
    const onServices = argv.some((argument, i) => argument === '--profile' && argv[i + 1] === 'services');
    const rest = onServices ? positionals.filter((word) => word !== 'services') : positionals;
    if (rest.length > 0) throw new UsageError(`up takes no ${rest[0]}`);
    const config = loadConfig({ argv, env: io.env, cwd: io.cwd });
    const profile = argv.some((argument, i) => argument === '--profile' && argv[i + 1] !== 'services');
    await host.up(config, { profile: values.profile === true && profile, newGeneration: values['new-generation'] === true, onServices });
  },
};
