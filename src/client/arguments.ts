import { CodedError } from '../lib/coded-error.ts';

/** @throws {CodedError} `BAD_USER_INPUT` when the number is none of those allowed */
export function oneOf<Allowed extends number>(
  name: string,
  allowed: readonly Allowed[],
  value: number,
): Allowed {
  const found = allowed.find(one => one === value);
  if (found !== undefined) return found;
  throw new CodedError('BAD_USER_INPUT', `${name} is one of ${allowed.join(', ')}, not ${value}`);
}
