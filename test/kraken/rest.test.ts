import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RestClient } from '../../src/kraken/rest.ts';
import { RestError } from '../../src/kraken/rest-error.ts';
import { candlesOf, holdsOf, tradesOf } from '../../src/kraken/rest-rows.ts';
import { signature } from '../../src/kraken/signature.ts';
import { assetOfRestName, type PairSymbol, restPair } from '../../src/kraken/symbols.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type LosslessObject, parseLossless } from '../../src/lib/lossless-json.ts';

const SECRET = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
const OTHER_SECRET = 'cHl0aG9uLWtyYWtlbi1zZGsgdW5pdC10ZXN0IHNlY3JldCB2YWx1ZQ==';
const NONCE = '1616492376594';

describe('signatures equal the published ones', () => {
  const order = `nonce=${NONCE}&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25`;
  for (const [secret, method, body, expected] of [
    [
      SECRET,
      'AddOrder',
      order,
      '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
    ],
    [
      SECRET,
      'GetWebSocketsToken',
      `nonce=${NONCE}`,
      '+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA==',
    ],
    [
      SECRET,
      'BalanceEx',
      `nonce=${NONCE}`,
      '1j2wTVcCjQvueYQKkvwE3KMKUKZ2X44OnlJOYr2nPt3WwRIl69rXv3dyHxdoxHIc88DGbIR+WwRtR0qudfAL+w==',
    ],
    [
      SECRET,
      'BalanceEx',
      `{"nonce":"${NONCE}"}`,
      'zIz67ZSEBcUSnV3yuisurWJ7c43I+MY86f3lLFbtg99zGxtS5SUhVjG68BCUVFfEmBbm53mZf2CHsI2Bj/uT5g==',
    ],
    [
      OTHER_SECRET,
      'AddOrder',
      `nonce=${NONCE}&ordertype=limit&pair=XBTUSD`,
      'Fo+0Uhanvs3F1byZFCjVBMLsCcRE2xLQMDpoA3Q9hawoZ0ZL35AmbknAQBlOIs4baRx9UGhzQH+/CTl9qnyp1w==',
    ],
  ] as const) {
    test(`${method} ${body.slice(0, 40)}`, () => {
      assert.equal(signature(secret, `/0/private/${method}`, NONCE, body), expected);
    });
  }
});

describe('the client', () => {
  let server: Server;
  let answer: (request: IncomingMessage, body: string, response: ServerResponse) => void;
  let rest: RestClient;

  beforeEach(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      answer(request, body, response);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    rest = clientOf(1_000);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  function clientOf(ratePerSecond: number, timeoutMs = 5_000): RestClient {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new RestClient({ url, apiKey: 'key', apiSecret: SECRET, ratePerSecond, timeoutMs }, systemClock);
  }

  const json = (response: ServerResponse, body: object, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const failure = async (call: Promise<unknown>): Promise<RestError> => {
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof RestError ? error : assert.fail(String(error));
  };

  test('signs private calls, one at a time, with a nonce that only rises (Nonce errors with parallel callers)', async () => {
    const nonces: bigint[] = [];
    let inFlight = 0;
    answer = (request, body, response) => {
      inFlight += 1;
      assert.equal(inFlight, 1, 'never two at once');
      const nonce = new URLSearchParams(body).get('nonce') ?? '';
      nonces.push(BigInt(nonce));
      assert.equal(request.headers['api-key'], 'key');
      assert.equal(request.headers['api-sign'], signature(SECRET, request.url ?? '', nonce, body));
      setImmediate(() => {
        inFlight -= 1;
        json(response, { error: [], result: { nonce } });
      });
    };
    await Promise.all(Array.from({ length: 20 }, () => rest.post('BalanceEx')));
    assert.equal(nonces.length, 20);
    for (let index = 1; index < nonces.length; index += 1)
      assert.ok((nonces[index] ?? 0n) > (nonces[index - 1] ?? 0n));
  });

  test('keeps the digits of a result', async () => {
    answer = (_request, _body, response) =>
      response.end('{"error":[],"result":{"last":17903598411382287461,"x":1.50}}');
    assert.deepEqual(
      { ...(await rest.get('Trades', { pair: 'XBTUSD' })) },
      { last: '17903598411382287461', x: '1.50' },
    );
  });

  test("says Kraken's words, and whether the same may succeed later", async () => {
    for (const [words, temporary] of [
      ['EAPI:Invalid key', false],
      ['EAPI:Invalid signature', false],
      ['EAPI:Invalid nonce', true],
      ['EAPI:Rate limit exceeded', true],
      ['EGeneral:Permission denied', false],
      ['EGeneral:Too many requests', true],
      ['EGeneral:Invalid arguments:pair', false],
      ['EService:Unavailable', true],
      ['EService:Busy', true],
      ['EQuery:Unknown asset pair', false],
    ] as const) {
      answer = (_request, _body, response) => json(response, { error: [words] });
      const error = await failure(rest.get('Trades', {}));
      assert.deepEqual([error.message, error.temporary], [words, temporary]);
    }
  });

  test('a time that Kraken names is waited for', async () => {
    const until = Math.floor(Date.now() / 1_000) + 100;
    answer = (_request, _body, response) => json(response, { error: [`EService: Throttled: ${until}`] });
    const { retryAfterMs } = await failure(rest.get('Trades', {}));
    assert.ok(retryAfterMs > 90_000 && retryAfterMs <= 100_000);
    answer = (_request, _body, response) => json(response, { error: ['EGeneral:Temporary lockout'] });
    assert.equal((await failure(rest.get('Trades', {}))).retryAfterMs, 900_000);
  });

  test('a server that is busy is left alone for as long as it says', async () => {
    for (const [status, header, body, least, most] of [
      [429, '7', '<html>', 7_000, 7_000],
      [503, new Date(Date.now() + 60_000).toUTCString(), '<html>', 50_000, 60_000],
      [429, '30', '{"error":["EGeneral:Too many requests"]}', 30_000, 30_000],
      [503, '9', '{"error":[]}', 9_000, 9_000],
      [429, '99999999999', '[]', 3_600_000, 3_600_000],
      [429, 'soon', '', 0, 0],
      [429, new Date(0).toUTCString(), '', 0, 0],
      [502, '7', '', 0, 0],
    ] as const) {
      answer = (_request, _body, response) => response.writeHead(status, { 'retry-after': header }).end(body);
      const { retryAfterMs, temporary } = await failure(rest.get('Time', {}));
      assert.ok(retryAfterMs >= least && retryAfterMs <= most, `${status} ${header}: ${retryAfterMs}`);
      assert.equal(temporary, true);
    }
  });

  test("a warning is no error, and a proxy's page is", async () => {
    answer = (_request, _body, response) =>
      json(response, { error: ['WGeneral:deprecated'], result: { ok: true } });
    assert.deepEqual({ ...(await rest.get('Time', {})) }, { ok: true });
    answer = (_request, _body, response) => response.writeHead(403).end('<html>Service Unavailable</html>');
    const page = await failure(rest.get('Time', {}));
    assert.deepEqual([page.message, page.temporary], ['HTTP 403 without JSON', true]);
    answer = (_request, _body, response) => json(response, { error: [] });
    assert.match((await failure(rest.get('Time', {}))).message, /without a result/);
  });

  test('an answer that does not come is given up, and a server that is not there is named', async () => {
    answer = () => {};
    const late = await failure(clientOf(1_000, 50).get('Time', {}));
    assert.deepEqual([late.message, late.temporary], ['REST API not reached: no answer for 50 ms', true]);
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    const gone = await failure(rest.get('Time', {}));
    assert.match(gone.message, new RegExp(`REST API not reached: .*ECONNREFUSED.*${port}`));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });

  test('more calls than may wait are refused at once', async () => {
    answer = (_request, _body, response) => json(response, { error: [], result: {} });
    const outcomes = await Promise.allSettled(Array.from({ length: 110 }, () => rest.post('Balance')));
    assert.equal(
      outcomes.filter(({ status }) => status === 'rejected').length,
      9,
      'one under way, a hundred waiting',
    );
  });

  test('without a key there are no private calls', async () => {
    const { port } = server.address() as AddressInfo;
    const open = new RestClient(
      { url: `http://127.0.0.1:${port}`, ratePerSecond: 1, timeoutMs: 1_000 },
      systemClock,
    );
    assert.equal(open.hasKey, false);
    assert.match((await failure(open.post('Balance'))).message, /no API key/);
  });
});

describe('rows', () => {
  const BTC = 'BTC/USD' as PairSymbol;
  const digits = { price_precision: 1, qty_precision: 8 };
  const result = (text: string): LosslessObject => parseLossless(text) as LosslessObject;

  test('a trade by REST has the form of one from the socket', () => {
    const page = result(
      '{"XXBTZUSD":[["81776.70000","0.00005",1791506062.8149081,"b","l","",110763305]],"last":"1791506062814908190"}',
    );
    const { rows, last } = tradesOf(page, BTC, digits);
    assert.equal(last, '1791506062814908190');
    assert.deepEqual(rows, [
      {
        symbol: 'BTC/USD',
        side: 'buy',
        price: '81776.7',
        qty: '0.00005000',
        ord_type: 'limit',
        trade_id: 110763305,
        timestamp: '2026-10-09T00:34:22.814908Z',
      },
    ]);
  });

  test('a digit that is not zero is never left out', () => {
    const page = result('{"X":[["81776.71000","1",1791506062,"s","m","",7]],"last":"1"}');
    assert.equal(tradesOf(page, BTC, digits).rows[0]?.price, '81776.71');
  });

  test('a candle by REST has the form of one from the socket, and one without trades is left out', () => {
    const page = result(
      '{"XXBTZUSD":[[1790348400,"84001.9","84075.9","83351.5","83777.5","83714.6","159.04484404",9205],[1790352000,"1","1","1","1","0.0","0.00000000",0]],"last":1790348400}',
    );
    assert.deepEqual(candlesOf(page, BTC, 60, digits), [
      {
        symbol: 'BTC/USD',
        open: '84001.9',
        high: '84075.9',
        low: '83351.5',
        close: '83777.5',
        vwap: '83714.6',
        volume: '159.04484404',
        trades: 9205,
        interval_begin: '2026-09-25T15:00:00.000000000Z',
        interval: 60,
      },
    ]);
  });

  test('holds go by the names of the socket, and what follows a point is kept apart', () => {
    const holds = holdsOf(
      result(
        '{"ZUSD":{"balance":"25435.21","hold_trade":"8249.76"},"XXBT":{"balance":"1.2435","hold_trade":"0.8423"},"XBT.F":{"balance":"1","hold_trade":"0"}}',
      ),
    );
    assert.deepEqual(
      [...holds],
      [
        ['USD', { held: '8249.76', credit: undefined }],
        ['BTC', { held: '0.8423', credit: undefined }],
        ['BTC.F', { held: '0', credit: undefined }],
      ],
    );
  });

  test('an answer without rows is an error, not a crash', () => {
    for (const text of ['{}', '{"X":7,"last":"1"}', '{"X":[]}', '{"X":[],"last":"now"}']) {
      assert.throws(() => tradesOf(result(text), BTC, digits), RestError);
    }
  });

  test('a row that makes no sense costs that row', () => {
    const trade = '["1.0","2",1791506062.5,"b","l","",7]';
    for (const odd of [
      '7',
      '[]',
      '["a"]',
      trade.replace('1791506062.5', '1e300'),
      trade.replace('1791506062.5', '-1'),
      trade.replace('1791506062.5', '8e15'),
      trade.replace('"b"', '"x"'),
      trade.replace('"l"', '"constructor"'),
      trade.replace('"1.0"', '"-1.0"'),
      trade.replace(',7]', ',0]'),
      trade.replace(',7]', ',9007199254740993]'),
    ]) {
      const page = tradesOf(result(`{"X":[${odd},${trade}],"last":"1"}`), BTC, digits);
      assert.deepEqual([page.rows.length, page.size, page.rows[0]?.trade_id], [1, 2, 7], odd);
    }
    const candle = '[1790348400,"1","1","1","1","1","1",5]';
    for (const odd of ['null', '[]', candle.replace('48400', '48401'), candle.replace('5]', '5.5]')]) {
      assert.equal(candlesOf(result(`{"X":[${odd},${candle}]}`), BTC, 60, digits).length, 1, odd);
    }
  });

  test('a hold that makes no sense is unknown, and the others are known', () => {
    const holds = holdsOf(
      result(
        '{"XXBT":{"balance":"1"},"ZUSD":{"hold_trade":"8.10"},"XETH":7,"SOL":{"hold_trade":"-1"},"constructor":{"hold_trade":"1"},"":{}}',
      ),
    );
    assert.deepEqual(
      [...holds],
      [
        ['BTC', undefined],
        ['USD', { held: '8.10', credit: undefined }],
        ['ETH', undefined],
        ['SOL', undefined],
        ['constructor', { held: '1', credit: undefined }],
      ],
    );
  });

  test('credit that is not used goes with what is held; one that makes no sense makes the entry unknown', () => {
    const holds = holdsOf(
      result(
        '{"ZUSD":{"hold_trade":"1","credit":"100.50","credit_used":"30.25"},"ZEUR":{"hold_trade":"1","credit":"5"},"XXBT":{"hold_trade":"1","credit_used":"2"},"SOL":{"hold_trade":"1","credit":"lots"},"DOT":{"hold_trade":"1","credit":null}}',
      ),
    );
    assert.deepEqual(
      [...holds].map(([asset, hold]) => [asset, hold?.credit]),
      [
        ['USD', '70.25'],
        ['EUR', '5'],
        ['BTC', '-2'],
        ['SOL', undefined],
        ['DOT', undefined],
      ],
    );
    assert.equal(holds.get('SOL' as never), undefined);
    assert.equal(holds.get('DOT' as never)?.held, '1');
  });
});

test('pairs and assets have the names that REST knows', () => {
  const pairs = { 'BTC/USD': 'XBTUSD', 'DOGE/USD': 'XDGUSD', 'ETH/BTC': 'ETHXBT' };
  for (const [symbol, name] of Object.entries(pairs))
    assert.deepEqual(restPair(symbol as PairSymbol), { pair: name });
  assert.deepEqual(restPair('AAPLx/USD' as PairSymbol), {
    pair: 'AAPLxUSD',
    asset_class: 'tokenized_asset',
  });
  const assets = {
    XXBT: 'BTC',
    XBT: 'BTC',
    XXDG: 'DOGE',
    XDG: 'DOGE',
    ZUSD: 'USD',
    ZEUR: 'EUR',
    XETH: 'ETH',
    'XBT.F': 'BTC.F',
    'ETH2.S': 'ETH2.S',
    'USDT.M': 'USDT.M',
    'EUR.B': 'EUR.B',
    'AAPLx.T': 'AAPLx.T',
    ZRX: 'ZRX',
    XTZ: 'XTZ',
    XCN: 'XCN',
  };
  for (const [name, asset] of Object.entries(assets)) assert.equal(assetOfRestName(name), asset);
});
