/**
 * The long versions of what `npm test` runs briefly: `npm run soak`. Prints one line a scenario, and ends with code 1
 * when something is wrong.
 *
 *     node --expose-gc test/soak/main.ts [--only faults,disconnects] [--minutes 30] [--quotes-seconds 300]
 */
import { parseArgs } from 'node:util';
import { corruptBooks } from '../support/corruption.ts';
import { disconnectAgainAndAgain } from '../support/disconnects.ts';
import { fuzzClients } from '../support/fuzz.ts';
import { fuzzUpstream } from '../support/fuzz-upstream.ts';
import { allAttacks, hostileDocuments, oneAttacker } from '../support/hostility.ts';
import { compareLastValues } from '../support/last-values.ts';
import { quotesAgree } from '../support/quotes.ts';
import { randomFaults } from '../support/random-faults.ts';
import { churn, recoveryTimes } from '../support/resilience.ts';
import { compareSelections } from '../support/selections.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '30' },
    'quotes-seconds': { type: 'string', default: '300' },
  },
});

const SCENARIOS = {
  disconnects: () => disconnectAgainAndAgain({ disconnects: 500, seed: 42 }),
  books: () => corruptBooks({ changes: 1_000_000, share: 0.001, seed: 42 }),
  fuzzUpstream: () => fuzzUpstream({ frames: 1_000_000, seed: 42 }),
  fuzzClients: () => fuzzClients({ frames: 1_000_000, seed: 42 }),
  documents: () => hostileDocuments({ documents: 10_000, seed: 42 }),
  attacker: () => oneAttacker({ seconds: 10 }),
  attacks: () => allAttacks({ minutes: 5 }),
  quotes: () => quotesAgree({ seconds: Number(options['quotes-seconds']), changesPerSecond: 10, seed: 42 }),
  lastValues: () => compareLastValues({ sequences: 10_000, seed: 42 }),
  selections: () => compareSelections({ selections: 10_000, seed: 42 }),
  churn: () => churn({ cycles: 100_000 }),
  recovery: () => recoveryTimes({ servers: 10, resets: 6 }),
  faults: () => randomFaults({ minutes: Number(options.minutes), seed: 42 }),
} as const;

const wanted = options.only === '' ? Object.keys(SCENARIOS) : options.only.split(',');
for (const [name, run] of Object.entries(SCENARIOS)) {
  if (!wanted.includes(name)) continue;
  const from = performance.now();
  const report = await run();
  const seconds = Math.round((performance.now() - from) / 1_000);
  process.stdout.write(`${name} (${seconds} s): ${JSON.stringify(report)}\n`);
  if (report.problems.length > 0) process.exitCode = 1;
}
