import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from '../../bench/support/frames.ts';
import { type Batch, FrameComposer } from '../../src/server/frame-composer.ts';

/** What a client makes of the bytes. */
function read(bytes: Buffer): string[] {
  const messages: string[] = [];
  new FrameReader((_opcode, chunk, start, end) => messages.push(chunk.toString('utf8', start, end))).read(
    bytes,
  );
  return messages;
}

const messagesOf = ({ prefix, results }: Batch): string[] =>
  results.map(text => `${prefix},"type":"next","payload":${text}}`);

test('whatever was composed before, the frames are those of the batches, in order', () => {
  const results = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.nat(70_000).map(length => 'x'.repeat(length)),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map(texts => texts.map(text => JSON.stringify(text)));
  const write = fc.record({
    ids: fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { minLength: 1, maxLength: 3 }),
    which: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(results, { minLength: 3, maxLength: 3 }), fc.array(write), (shared, writes) => {
      const composer = new FrameComposer();
      for (const { ids, which } of writes) {
        const batches = ids.map(id => ({
          prefix: Buffer.from(`{"id":${JSON.stringify(id)}`),
          results: shared[which] ?? [],
        }));
        const [only] = batches;
        const bytes =
          batches.length === 1 && only !== undefined
            ? composer.compose(only.prefix, only.results)
            : composer.composeAll(batches);
        assert.deepEqual(read(bytes), batches.flatMap(messagesOf));
      }
    }),
  );
});
