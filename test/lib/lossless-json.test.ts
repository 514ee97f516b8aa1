import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonSyntaxError, parseLossless } from '../../src/lib/lossless-json.ts';
import { frames } from '../support/fixtures.ts';

/** What the built-in parser would say, with numbers as text. */
function withNumbersAsText(value: unknown): unknown {
  if (typeof value === 'number') return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(withNumbersAsText);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, withNumbersAsText(member)]),
    );
  }
  return value;
}

test('reads any JSON as JSON.parse does, but for numbers, which stay text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const parsed = JSON.parse(text) as unknown;
      assert.deepEqual(parseLossless(text), withNumbersAsText(parsed));
    }),
    { numRuns: 500 },
  );
});

test('accepts and refuses the same texts as JSON.parse', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '0',
    '.5',
    'e9',
    'true',
    'nul',
    ' ',
    'x',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), parts => {
      const text = parts.join('');
      const accepts = (parse: (text: string) => unknown): boolean => {
        try {
          parse(text);
          return true;
        } catch (error) {
          assert.ok(error instanceof SyntaxError || error instanceof JsonSyntaxError, String(error));
          return false;
        }
      };
      assert.equal(accepts(parseLossless), accepts(JSON.parse), text);
    }),
    { numRuns: 5_000 },
  );
});

test('a number token keeps its digits', () => {
  for (const token of ['3156.84782110', '16174536464690282295', '1e-08', '-0.0', '0.00000000']) {
    assert.deepEqual(parseLossless(`{"n":${token}}`), { n: token });
  }
});

test('numbers inside strings, escapes and __proto__ are left as they are', () => {
  assert.deepEqual(parseLossless('{"title":"a 1.50 \\"b\\" \\u00e9"}'), { title: 'a 1.50 "b" é' });
  const object = parseLossless('{"__proto__":{"polluted":true}}') as object;
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
  assert.deepEqual(Object.keys(object), ['__proto__']);
});

test('nesting beyond the bound is refused, not a stack overflow', () => {
  assert.throws(() => parseLossless('['.repeat(100_000)), JsonSyntaxError);
});

test('every recorded frame parses, and writing its numbers back gives the same text', () => {
  for (const name of [
    'ticker.jsonl',
    'instrument.jsonl',
    'status-heartbeat.jsonl',
    'acks-and-errors.jsonl',
    'book.jsonl',
  ]) {
    for (const frame of frames(name)) {
      const numbers = [...frame.replace(/"(?:[^"\\]|\\.)*"/g, '""').matchAll(/-?\d[\d.eE+-]*/g)].map(
        match => match[0],
      );
      const found: string[] = [];
      const collect = (value: unknown): void => {
        if (typeof value === 'string' && numbers.includes(value)) found.push(value);
        else if (Array.isArray(value)) value.forEach(collect);
        else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
      };
      collect(parseLossless(frame));
      assert.deepEqual(found, numbers);
    }
  }
});
