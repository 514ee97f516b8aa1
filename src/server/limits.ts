import {
  type ArgumentNode,
  type ASTNode,
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValueNode,
} from 'graphql';

/** What one operation may ask for. Checked before execution, on every transport alike. */
export interface OperationLimits {
  /** Fields within fields. */
  readonly depth: number;
  readonly aliases: number;
  /** Lexical tokens of a document. */
  readonly tokens: number;
  readonly directives: number;
  /** Fields, each counted as often as the lists around it make it come; list arguments multiply. */
  readonly cost: number;
  /** Pairs named, over all arguments. */
  readonly symbols: number;
}

export const OPERATION_LIMITS: OperationLimits = {
  depth: 8,
  aliases: 100,
  tokens: 2_000,
  directives: 10,
  cost: 20_000,
  symbols: 200,
};

/** What one client's connection may do. */
export const CONNECTION_LIMITS = {
  /** Subscriptions under way on one WebSocket. */
  subscriptions: 100,
  /** Messages a second on one WebSocket, on average and at once. */
  messagesPerSecond: 50,
  messagesAtOnce: 200,
  /** Bytes of a request's body, and of a WebSocket message. */
  bytes: 64 * 1024,
} as const;

/** What was counted in a selection, fragments included. */
interface Count {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly cost: number;
  readonly symbols: number;
}

const NOTHING: Count = { depth: 0, aliases: 0, directives: 0, cost: 0, symbols: 0 };

/**
 * A validation rule that counts each operation, fragments included. Each fragment is counted once however often it is
 * spread, so that the counting itself can not be made expensive. Introspection is not counted: GraphQL's own rules and
 * the number of tokens bound it.
 *
 * @param variables of the request: a list in a variable counts as one in the document
 */
export function limitsRule(
  limits: OperationLimits,
  variables: Readonly<Record<string, unknown>>,
): (context: ValidationContext) => ASTVisitor {
  return context => ({
    OperationDefinition(operation) {
      const count = new Counter(context, withDefaults(operation, variables)).count(operation);
      for (const name of ['depth', 'aliases', 'directives', 'symbols', 'cost'] as const) {
        if (count[name] > limits[name]) {
          context.reportError(exceeded(name, count[name], limits[name], operation));
          return false;
        }
      }
      return false;
    },
  });
}

/** The variables that an operation gets: the request's, and the document's where the request has none. */
function withDefaults(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const defaults = variableDefinitions.flatMap(({ variable, defaultValue }) =>
    defaultValue === undefined ? [] : [[variable.name.value, literalOf(defaultValue)] as const],
  );
  return { ...Object.fromEntries(defaults), ...variables };
}

export function exceeded(name: string, asked: number, allowed: number, node?: ASTNode): GraphQLError {
  return new GraphQLError(`The operation asks for ${asked} ${name}, and ${allowed} are allowed`, {
    ...(node && { nodes: [node] }),
    extensions: { code: 'LIMIT_EXCEEDED', limit: name, allowed },
  });
}

class Counter {
  readonly #context: ValidationContext;
  readonly #variables: Readonly<Record<string, unknown>>;
  /** By fragment; undefined while it is being counted: a circle, which another rule reports. */
  readonly #fragments = new Map<string, Count | undefined>();

  constructor(context: ValidationContext, variables: Readonly<Record<string, unknown>>) {
    this.#context = context;
    this.#variables = variables;
  }

  count(operation: OperationDefinitionNode): Count {
    return added(this.#selections(operation.selectionSet), {
      ...NOTHING,
      directives: operation.directives?.length ?? 0,
    });
  }

  #selections({ selections }: SelectionSetNode): Count {
    let total = NOTHING;
    for (const selection of selections) {
      const directives = { ...NOTHING, directives: selection.directives?.length ?? 0 };
      switch (selection.kind) {
        case Kind.FIELD:
          total = added(total, added(directives, this.#field(selection)));
          break;
        case Kind.INLINE_FRAGMENT:
          total = added(total, added(directives, this.#selections(selection.selectionSet)));
          break;
        case Kind.FRAGMENT_SPREAD:
          total = added(total, added(directives, this.#fragment(selection.name.value)));
          break;
      }
    }
    return total;
  }

  #field(field: FieldNode): Count {
    const inner = field.selectionSet ? this.#selections(field.selectionSet) : NOTHING;
    // What introspection goes into has the depth and cost of no data; how often it is asked for counts.
    if (field.name.value.startsWith('__')) {
      const cost = field.selectionSet === undefined ? 0 : INTROSPECTION_COST;
      return { ...inner, depth: 0, cost, aliases: inner.aliases + (field.alias === undefined ? 0 : 1) };
    }
    const sizes = (field.arguments ?? []).map(argument => this.#sizeOf(argument));
    const times = sizes.reduce((product, { times }) => product * times, sizeOfField(field));
    return {
      depth: inner.depth + 1,
      aliases: inner.aliases + (field.alias === undefined ? 0 : 1),
      directives: inner.directives,
      cost: Math.min(Number.MAX_SAFE_INTEGER, times * (inner.cost + 1) + (goesOn(field) ? REPLAY_COST : 0)),
      symbols: inner.symbols + sizes.reduce((sum, { symbols }) => sum + symbols, 0),
    };
  }

  #fragment(name: string): Count {
    if (this.#fragments.has(name)) return this.#fragments.get(name) ?? NOTHING;
    this.#fragments.set(name, undefined);
    const fragment: FragmentDefinitionNode | null | undefined = this.#context.getFragment(name);
    const count = fragment ? this.#selections(fragment.selectionSet) : NOTHING;
    this.#fragments.set(name, count);
    return count;
  }

  /** How much an argument multiplies what is under its field, and how many pairs it names. */
  #sizeOf({ name, value }: ArgumentNode): { readonly times: number; readonly symbols: number } {
    const content = this.#contentOf(value);
    if (Array.isArray(content)) {
      const isSymbols = name.value === 'symbols';
      return { times: Math.max(1, content.length), symbols: isSymbols ? content.length : 0 };
    }
    const times =
      PAGE_ARGUMENTS.has(name.value) && typeof content === 'number' ? Math.max(1, content / PAGE_UNIT) : 1;
    return { times, symbols: name.value === 'symbol' ? 1 : 0 };
  }

  #contentOf(value: ValueNode): unknown {
    switch (value.kind) {
      case Kind.VARIABLE:
        return this.#variables[value.name.value];
      default:
        return literalOf(value);
    }
  }
}

function literalOf(value: ValueNode): unknown {
  if (value.kind === Kind.LIST) return value.values;
  return value.kind === Kind.INT ? Number(value.value) : undefined;
}

/** One look at the schema costs as much as this many fields. */
const INTROSPECTION_COST = 2_000;
/** Trades from an old cursor may have to be fetched from Kraken, which answers once a second. */
const REPLAY_COST = 4_000;
function goesOn({ name, arguments: given = [] }: FieldNode): boolean {
  return name.value === 'trades' && given.some(argument => argument.name.value === 'after');
}

/** Items of lists that no argument bounds, and of those whose argument is left out, in units of {@link PAGE_UNIT}. */
const SIZES: Readonly<Record<string, readonly [unlessGiven: string, items: number]>> = {
  instruments: ['', 1_500],
  balances: ['assets', 50],
  portfolio: ['', 100],
  ohlc: ['last', 100],
  trades: ['', 50],
};
function sizeOfField({ name, arguments: given = [] }: FieldNode): number {
  const [unlessGiven, items] = SIZES[name.value] ?? ['', PAGE_UNIT];
  return given.some(argument => argument.name.value === unlessGiven) ? 1 : items / PAGE_UNIT;
}

/** Arguments that say how many items there will be. */
const PAGE_ARGUMENTS = new Set(['depth', 'first', 'last']);
/** So many items cost as much as one field: they are read from memory. */
const PAGE_UNIT = 10;

function added(a: Count, b: Count): Count {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    cost: Math.min(Number.MAX_SAFE_INTEGER, a.cost + b.cost),
    symbols: a.symbols + b.symbols,
  };
}
