/**
 * The long versions of what `npm test` runs briefly: `npm run soak`. Prints one line a scenario, and ends with code 1
 * when something is wrong.
 */
import { corruptBooks } from '../support/corruption.ts';
import { disconnectAgainAndAgain } from '../support/disconnects.ts';

const SCENARIOS = {
  disconnects: () => disconnectAgainAndAgain({ disconnects: 500, seed: 42 }),
  books: () => corruptBooks({ changes: 1_000_000, share: 0.001, seed: 42 }),
} as const;

for (const [name, run] of Object.entries(SCENARIOS)) {
  const from = performance.now();
  const report = await run();
  const seconds = Math.round((performance.now() - from) / 1_000);
  process.stdout.write(`${name} (${seconds} s): ${JSON.stringify(report)}\n`);
  if (report.problems.length > 0) process.exitCode = 1;
}
