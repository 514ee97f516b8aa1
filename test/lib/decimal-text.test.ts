import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Decimal, isZero, toDecimalText } from '../../src/lib/decimal-text.ts';

test('plain numbers keep every digit as written', () => {
  for (const text of ['3156.84782110', '-0.51', '0.00000000', '64525.0', '13753613.68241863', '1', '-3.60']) {
    assert.equal(toDecimalText(text), text);
  }
  const fortyDigits = '1234567890123456789012345678901234567890.12345678';
  assert.equal(toDecimalText(fortyDigits), fortyDigits);
});

test('exponent form becomes plain notation', () => {
  assert.equal(toDecimalText('1e-08'), '0.00000001');
  assert.equal(toDecimalText('5.1e-05'), '0.000051');
  assert.equal(toDecimalText('-1.25E+3'), '-1250');
  assert.equal(toDecimalText('12.5e1'), '125');
  assert.equal(toDecimalText('0e0'), '0');
});

test('what is no number, or absurdly long, is refused', () => {
  for (const text of [
    '',
    '-',
    '.',
    '1.',
    '.5',
    '1e',
    '0x10',
    'NaN',
    'Infinity',
    '1,5',
    ' 1',
    '1e400',
    '1e999999999',
    '9'.repeat(129),
  ]) {
    assert.equal(toDecimalText(text), undefined, text);
  }
});

test('plain notation has the value that decimal.js reads from the exponent form', () => {
  const number = fc.tuple(
    fc.boolean(),
    fc.bigInt({ min: 0n, max: 10n ** 25n }),
    fc.stringMatching(/^\d{0,12}$/),
    fc.integer({ min: -60, max: 60 }),
  );
  fc.assert(
    fc.property(number, ([minus, whole, fraction, exponent]) => {
      const text = `${minus ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}e${exponent}`;
      const plain = toDecimalText(text);
      assert.ok(plain !== undefined);
      assert.match(plain, /^-?\d+(\.\d+)?$/);
      assert.ok(new Decimal(plain).equals(new Decimal(text)), `${text} → ${plain}`);
    }),
  );
});

test('zero is zero however it is written', () => {
  for (const text of ['0', '0.00000000', '-0.0']) assert.ok(isZero(toDecimalText(text) ?? assert.fail()));
  for (const text of ['0.00000001', '10', '-0.5']) assert.ok(!isZero(toDecimalText(text) ?? assert.fail()));
});
