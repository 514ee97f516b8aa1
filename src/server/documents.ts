import {
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  type Location,
  type ParseOptions,
  parse,
  type Source,
  visit,
} from 'graphql';
import { toGraphQLError } from '../graphql/errors.ts';
import { limitExceeded } from '../lib/coded-error.ts';
import { DOCUMENT_LIMITS } from './limits.ts';

/** Bytes of parsed documents that are kept, estimated. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Of a node of the tree with its place in the text, and of what is prepared for it. */
const BYTES_A_NODE = 600;

const BYTES_A_CHARACTER = 2;

const sizes = new WeakMap<DocumentNode, number>();

/** Bytes that a parsed document takes, estimated. */
export function documentBytes(document: DocumentNode): number {
  return sizes.get(document) ?? 0;
}

interface Kept {
  readonly document: DocumentNode;
  readonly bytes: number;
}

/**
 * Parsed documents, so that ten thousand clients that ask the same are parsed once. What is kept is bounded in bytes: the
 * document that was asked for longest ago goes first.
 */
export class Documents {
  readonly #maxBytes: number;
  /** By text, the one asked for last at the end. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are kept, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * GraphQL's parser, within limits: text beyond them is not looked at.
   *
   * @throws {GraphQLError} a syntax error, or `LIMIT_EXCEEDED`
   */
  parse(source: string | Source, options: ParseOptions = {}): DocumentNode {
    const text = typeof source === 'string' ? source : source.body;
    const known = this.#kept.get(text);
    if (known !== undefined) {
      this.#kept.delete(text);
      this.#kept.set(text, known);
      return known.document;
    }
    const document = parseLimited(text, source, options);
    const bytes = BYTES_A_CHARACTER * text.length + BYTES_A_NODE * withoutTokens(document);
    sizes.set(document, bytes);
    this.#keep(text, { document, bytes });
    return document;
  }

  #keep(text: string, kept: Kept): void {
    this.#kept.set(text, kept);
    this.#bytes += kept.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

function parseLimited(text: string, source: string | Source, options: ParseOptions): DocumentNode {
  const { tokens, length } = DOCUMENT_LIMITS;
  if (text.length > length) throw beyond('documentLength', `${text.length} characters`, length);
  try {
    return parse(source, { ...options, maxTokens: tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError && /more than \d+ tokens/i.test(error.message))) throw error;
    throw beyond('tokens', `more than ${tokens} tokens`, tokens);
  }
}

function beyond(limit: string, has: string, allowed: number): GraphQLError {
  return toGraphQLError(limitExceeded(`The document has ${has}`, { limit, allowed }));
}

/**
 * Drops the tokens that a tree holds by its places: they are linked to each other, comments included, and take more memory
 * than all else. What error messages need of a place stays.
 *
 * @returns how many nodes there are
 */
function withoutTokens(document: DocumentNode): number {
  let nodes = 0;
  visit(document, {
    enter(node: ASTNode) {
      nodes += 1;
      const { loc } = node;
      if (loc === undefined) return;
      const { start, end, source } = loc;
      (node as { loc?: Pick<Location, 'start' | 'end' | 'source'> }).loc = { start, end, source };
    },
  });
  return nodes;
}
