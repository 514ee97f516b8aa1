/** Documents that a hostile client makes of the schema: valid, nearly valid and nonsensical. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

export interface HostileRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const WORDS = [
  'constructor',
  'toString',
  'hasOwnProperty',
  '__proto__',
  'valueOf',
  'prototype',
  'then',
  'stringify',
  'extensions',
  'errors',
  'data',
];
const STRINGS = [
  'BTC/USD',
  'eth-usd',
  'NOPE/USD',
  '',
  '\\u0000',
  '__proto__',
  'x'.repeat(300),
  'XBT',
  '../..',
];
const NUMBERS = [
  '0',
  '1',
  '10',
  '1000',
  '-1',
  '2147483647',
  '-2147483648',
  '99999999999',
  '1e3',
  '0.5',
  'null',
];

/** Makes one request after the other from a seed. */
export class HostileDocuments {
  readonly #schema: GraphQLSchema;
  readonly #random: () => number;
  #fragments: string[] = [];
  #variables = new Map<string, { type: string; value: unknown }>();
  #budget = 0;

  constructor(schema: GraphQLSchema, random: () => number) {
    this.#schema = schema;
    this.#random = random;
  }

  next(): HostileRequest {
    this.#fragments = [];
    this.#variables = new Map();
    // As a rule small, and now and then as large as a request may be.
    this.#budget = this.#chance(0.1) ? 1_500 : 60;
    const operation = this.#chance(0.35) ? 'subscription' : 'query';
    const root = operation === 'query' ? this.#schema.getQueryType() : this.#schema.getSubscriptionType();
    const fields = Object.values(root?.getFields() ?? {});
    const count = operation === 'subscription' && this.#chance(0.9) ? 1 : 1 + this.#below(6);
    const body = this.#many(count, () => this.#field(this.#pick(fields), 0));
    const declared = [...this.#variables].map(([name, { type }]) => `$${name}: ${type}`).join(', ');
    const name = this.#chance(0.3) ? this.#name() : '';
    const text = `${operation} ${name}${declared === '' ? '' : `(${declared})`} { ${body} } ${this.#fragments.join(' ')}`;
    return {
      query: this.#spoil(text),
      variables: Object.fromEntries([...this.#variables].map(([key, { value }]) => [key, value])),
    };
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    this.#budget -= 1;
    const alias = this.#chance(0.3) ? `${this.#name()}: ` : '';
    const given = field.args.filter(one => isNonNullType(one.type) || this.#chance(0.5));
    const list = given.map(one => `${one.name}: ${this.#argument(one)}`).join(', ');
    const selection = this.#selection(field.type, depth + 1);
    return `${alias}${field.name}${list === '' ? '' : `(${list})`} ${this.#directive()} ${selection}`;
  }

  #selection(output: GraphQLOutputType, depth: number): string {
    const type = getNamedType(output);
    if (isUnionType(type)) {
      return `{ __typename ${type
        .getTypes()
        .map(one => `... on ${one.name} ${this.#selection(one, depth)}`)
        .join(' ')} }`;
    }
    if (!isObjectType(type)) return '';
    const fields = Object.values(type.getFields());
    const count = depth > 9 || this.#budget < 0 ? 1 : 1 + this.#below(this.#chance(0.1) ? 60 : 6);
    const body = this.#many(count, () => {
      const field = this.#pick(fields);
      if (depth > 9 && getNamedType(field.type) !== field.type && isObjectType(getNamedType(field.type)))
        return '__typename';
      const text = this.#field(field, depth);
      if (this.#chance(0.1)) {
        const fragment = `F${this.#fragments.length}`;
        this.#fragments.push(
          `fragment ${fragment} on ${type.name} { ${text} ${this.#chance(0.1) ? `...${fragment}` : ''} }`,
        );
        return `...${fragment} ${this.#directive()} ...${fragment}`;
      }
      return this.#chance(0.1) ? `... on ${type.name} ${this.#directive()} { ${text} }` : text;
    });
    return `{ ${body} }`;
  }

  #argument({ type, name }: GraphQLArgument): string {
    if (this.#chance(0.2)) {
      const variable = this.#chance(0.5) ? this.#pick(WORDS) : `v${this.#variables.size}`;
      this.#variables.set(variable, { type: String(type), value: this.#value() });
      return `$${variable}`;
    }
    const nullable = isNonNullType(type) ? type.ofType : type;
    if (isListType(nullable)) {
      const count = this.#chance(0.05) ? 400 : 1 + this.#below(4);
      return `[${this.#many(count, () => this.#literal(String(getNamedType(type))), ', ')}]`;
    }
    const named = getNamedType(type);
    if (isEnumType(named) && this.#chance(0.9)) return this.#pick(named.getValues()).name;
    return name === 'depth' && this.#chance(0.5) ? '1000' : this.#literal(String(named));
  }

  #literal(type: string): string {
    if (this.#chance(0.05))
      return this.#pick(['{}', '[]', 'constructor', 'true', '"""block"""', '{a: {b: 1}}']);
    return ['Int', 'Float', 'SafeInt'].includes(type)
      ? this.#pick(NUMBERS)
      : JSON.stringify(this.#chance(0.6) ? 'BTC/USD' : this.#pick(STRINGS));
  }

  #value(): unknown {
    return this.#pick<unknown>([
      'BTC/USD',
      ['BTC/USD', 'ETH/USD'],
      Array.from({ length: 2_000 }, () => 'BTC/USD'),
      1_000,
      -1,
      1e308,
      null,
      {},
      { constructor: 1 },
      [[[[[]]]]],
      true,
      'x'.repeat(20_000),
    ]);
  }

  #name(): string {
    if (this.#chance(0.2)) return this.#pick(WORDS);
    return this.#chance(0.05) ? 'n'.repeat(1 + this.#below(30_000)) : `n${this.#below(1_000)}`;
  }

  #directive(): string {
    if (!this.#chance(0.1)) return '';
    return this.#pick([
      '@skip(if: false)',
      '@include(if: true)',
      '@skip(if: true)',
      '@constructor',
      '@include',
    ]);
  }

  /** Now and then with comments, or with a piece that does not belong there. */
  #spoil(text: string): string {
    if (this.#chance(0.05)) return `${text}\n${'# a comment\n'.repeat(this.#below(3_000))}`;
    if (!this.#chance(0.15)) return text;
    const at = this.#below(text.length);
    return (
      text.slice(0, at) +
      this.#pick(['{', '}', '"', '$', '@', '...', '\u0000', '(', '\ud800', '!']) +
      text.slice(at)
    );
  }

  #many(count: number, make: () => string, between = ' '): string {
    return Array.from({ length: count }, make).join(between);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}
