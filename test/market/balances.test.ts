import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/kraken/decode.ts';
import type { BalancesMessage } from '../../src/kraken/messages.ts';
import type { Asset } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { Balances } from '../../src/market/balances.ts';
import { frames } from '../support/fixtures.ts';

const USD = 'USD' as Asset;

function message(text: string): BalancesMessage {
  const decoded = decode(text);
  return decoded.kind === 'balances' ? decoded : assert.fail(JSON.stringify(decoded));
}

function snapshot(sequence = 1): BalancesMessage {
  return message(
    `{"channel":"balances","type":"snapshot","data":[{"asset":"USD","asset_class":"currency","balance":100.50,"wallets":[{"type":"spot","id":"main","balance":70.00},{"type":"earn","id":"flex","balance":30.50}]}],"sequence":${sequence}}`,
  );
}

function entry(id: string, sequence: number, balance: string, wallet = 'spot main'): BalancesMessage {
  const [type, walletId] = wallet.split(' ');
  return message(
    `{"channel":"balances","type":"update","data":[{"ledger_id":"${id}","ref_id":"R","timestamp":"2026-10-09T00:00:00.000000Z","type":"trade","asset":"USD","asset_class":"currency","category":"trade","wallet_type":"${type}","wallet_id":"${walletId}","amount":-1.00,"fee":0.25,"balance":${balance}}],"sequence":${sequence}}`,
  );
}

const of = (balances: Balances, asset = 'USD'): string | undefined =>
  balances.balance(asset as Asset)?.balance;

describe('balances', () => {
  test('every recorded snapshot keeps its digits', () => {
    for (const [index, expected] of [
      [0, { KAR: '774.6366982600', USD: '160.2405' }],
      [2, { USDT: '100.00000000' }],
      [3, { BTC: '1.2', MATIC: '500' }],
    ] as const) {
      const balances = new Balances();
      balances.apply(message(frames('balances.jsonl')[index] ?? ''), 0);
      for (const [asset, balance] of Object.entries(expected)) assert.equal(of(balances, asset), balance);
    }
  });

  test('a ledger entry sets the balance of its wallet; the total is the sum over wallets', () => {
    const balances = new Balances();
    balances.apply(snapshot(), 0);
    assert.deepEqual(balances.apply(entry('L1', 2, '68.75'), 5), { changed: [USD] });
    assert.equal(of(balances), '99.25');
    assert.deepEqual(
      balances.balance(USD)?.wallets.map(wallet => `${wallet.type} ${wallet.id} ${wallet.balance}`),
      ['spot main 68.75', 'earn flex 30.50'],
    );
    balances.apply(entry('L2', 3, '5.0000', 'earn bonded'), 6);
    assert.equal(of(balances), '104.2500');
    assert.equal(balances.balance(USD)?.timestamp, '2026-10-09T00:00:00.000000Z');
  });

  test('where Kraken tells no wallets, an entry changes the total by its amount and fee', () => {
    const balances = new Balances();
    balances.apply(
      message(
        '{"channel":"balances","type":"snapshot","data":[{"asset":"USD","balance":50.0000,"wallets":[]}],"sequence":1}',
      ),
      0,
    );
    balances.apply(entry('L1', 2, '20.0000'), 0);
    assert.equal(of(balances), '48.7500');
    assert.deepEqual(balances.balance(USD)?.wallets, []);
  });

  test('an entry that comes again is not applied again', () => {
    const balances = new Balances();
    balances.apply(snapshot(), 0);
    balances.apply(entry('L1', 2, '68.75'), 0);
    balances.apply(entry('L2', 3, '60.00'), 0);
    assert.deepEqual(balances.apply(entry('L1', 4, '68.75'), 0), { changed: [] });
    assert.equal(of(balances), '90.50');
  });

  test('a message that does not follow the last is not applied, nor any after it until a snapshot', () => {
    for (const wrong of [2, 1, 5]) {
      const balances = new Balances();
      balances.apply(snapshot(), 0);
      balances.apply(entry('L1', 2, '68.75'), 0);
      assert.ok('broken' in balances.apply(entry('L2', wrong, '1.00'), 0), `sequence ${wrong} after 2`);
      assert.deepEqual(balances.apply(entry('L3', wrong + 1, '2.00'), 0), { changed: [] });
      assert.equal(of(balances), '99.25');
      assert.equal(balances.sequence, undefined);
      balances.apply(snapshot(7), 0);
      assert.deepEqual(balances.apply(entry('L4', 8, '3.00'), 0), { changed: [USD] });
      assert.equal(balances.sequenceGaps, 1);
    }
  });

  test('an asset that a snapshot no longer lists has nothing', () => {
    const balances = new Balances();
    balances.apply(snapshot(), 0);
    balances.apply(message('{"channel":"balances","type":"snapshot","data":[],"sequence":1}'), 0);
    assert.equal(of(balances), '0');
  });

  test('Balances channel has no used/free: they come from what orders hold, and are unknown before it is told', () => {
    const balances = new Balances();
    balances.apply(snapshot(), 0);
    assert.equal(balances.balance(USD)?.freeBalance, undefined);
    const holds = (usd: string, credit?: string) =>
      new Map([[USD, { held: usd as DecimalText, credit: credit as DecimalText | undefined }]]);
    assert.deepEqual(balances.setHolds(holds('20.25')), [USD]);
    assert.equal(balances.balance(USD)?.freeBalance?.toFixed(), '80.25');
    assert.equal(balances.balance(USD)?.freeBalanceText, '80.25');
    balances.setHolds(holds('20.2500'));
    assert.equal(balances.balance(USD)?.freeBalanceText, '80.2500', 'as many digits as the longer has');
    balances.setHolds(holds('100.5'));
    assert.equal(balances.balance(USD)?.freeBalanceText, '0.00');
    balances.setHolds(holds('20.25'));
    assert.deepEqual(balances.setHolds(holds('20.25')), []);
    assert.deepEqual(balances.setHolds(holds('20.25', '50')), [USD], 'credit can be traded with');
    assert.equal(balances.balance(USD)?.freeBalance?.toFixed(), '130.25');
    assert.equal(balances.balance(USD)?.totalBalance.toFixed(), '100.5');
    assert.deepEqual(balances.setHolds(new Map()), [USD]);
    assert.equal(balances.balance(USD)?.freeBalance?.toFixed(), '100.5');
    assert.equal(balances.balance(USD)?.holdTrade, '0');
  });

  test('what earns is another asset, and is not summed with what can be traded', () => {
    const balances = new Balances();
    balances.apply(
      message(
        '{"channel":"balances","type":"snapshot","data":[{"asset":"USDT","balance":1.00,"wallets":[]},{"asset":"USDT.M","balance":5.00,"wallets":[]}],"sequence":1}',
      ),
      0,
    );
    assert.deepEqual([of(balances, 'USDT'), of(balances, 'USDT.M')], ['1.00', '5.00']);
  });

  test('replaying what came changes nothing', () => {
    const entries = fc.array(
      fc.tuple(fc.nat(15), fc.nat(10_000), fc.constantFrom('spot main', 'earn flex')),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(entries, all => {
        const once = new Balances();
        const twice = new Balances();
        once.apply(snapshot(), 0);
        twice.apply(snapshot(), 0);
        let sequence = 1;
        for (const [index, [id, cents, wallet]] of all.entries()) {
          once.apply(entry(`L${id}`, index + 2, (cents / 100).toFixed(2), wallet), 0);
          for (let time = 0; time < 2; time += 1) {
            sequence += 1;
            twice.apply(entry(`L${id}`, sequence, (cents / 100).toFixed(2), wallet), 0);
          }
        }
        assert.equal(of(twice), of(once));
      }),
    );
  });
});
