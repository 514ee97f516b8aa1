import { parseArgs } from 'node:util';
import type { ExchangeOptions } from './simulator/exchange.ts';

/** What a command line asks for. */
export type CommandLine =
  | { readonly kind: 'help' | 'version' | 'start' | 'demo' }
  | { readonly kind: 'simulator'; readonly options: ExchangeOptions }
  | { readonly kind: 'misuse'; readonly message: string };

export const HELP = `Usage: kraken-graphql [command]

Commands:
  start       Run the server against Kraken (the default). It is configured by environment variables:
              https://github.com/kraken-graphql/kraken-graphql#configuration
  demo        Run the server against a simulated exchange: no network, no key.
  simulator   Run the simulated exchange alone.

Options:
  -h, --help      Show this text.
  -v, --version   Show the version.

Options of the simulator:
  --port <port>         Port to listen on; 0 picks a free one (default 4100).
  --seed <number>       Seed of the market (default 1).
  --rate <number>       Trades a second (default 20).
  --book-rate <number>  Changes of books without a trade a second (default 40).
  --replay <file>       Send the recorded frames of this file instead; may be repeated.
  --interval <ms>       Time between recorded frames (default 100).
`;

const COMMON = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
const SIMULATOR = {
  ...COMMON,
  port: { type: 'string', default: '4100' },
  seed: { type: 'string', default: '1' },
  rate: { type: 'string', default: '20' },
  'book-rate': { type: 'string', default: '40' },
  replay: { type: 'string', multiple: true },
  interval: { type: 'string', default: '100' },
} as const;

/** @param args without the interpreter and the script */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [first = 'start', ...others] = args;
  const [command, rest] = first.startsWith('-') ? ['start', args] : [first, others];
  try {
    if (command === 'simulator') return readSimulator(rest);
    if (command !== 'start' && command !== 'demo') return misuse(`there is no command '${command}'`);
    const { values } = parseArgs({ args: [...rest], options: COMMON });
    return { kind: asked(values) ?? command };
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    // The first sentence says what is wrong; the others are about parseArgs.
    return misuse(error.message.split('. ')[0] ?? '');
  }
}

function readSimulator(args: readonly string[]): CommandLine {
  const { values } = parseArgs({ args: [...args], options: SIMULATOR });
  const kind = asked(values);
  if (kind !== undefined) return { kind };
  for (const name of ['port', 'seed', 'rate', 'book-rate', 'interval'] as const) {
    const value = Number(values[name]);
    if (values[name].trim() === '' || !(value >= 0 && Number.isFinite(value)))
      return misuse(`--${name} ${values[name]} is not valid: it takes a number from 0`);
  }
  return {
    kind: 'simulator',
    options: {
      port: Number(values.port),
      seed: Number(values.seed),
      tradesPerSecond: Number(values.rate),
      bookChangesPerSecond: Number(values['book-rate']),
      replayIntervalMs: Number(values.interval),
      ...(values.replay && { replay: values.replay }),
    },
  };
}

function asked({ help, version }: { help?: boolean; version?: boolean }): 'help' | 'version' | undefined {
  return help ? 'help' : version ? 'version' : undefined;
}

function misuse(message: string): CommandLine {
  return {
    kind: 'misuse',
    message: `kraken-graphql: ${message.replaceAll(/\s+/g, ' ')}; see kraken-graphql --help`,
  };
}
