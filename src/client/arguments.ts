import { CodedError } from '../lib/coded-error.ts';

/** @throws {CodedError} `BAD_USER_INPUT` when the value is none of those allowed */
export function oneOf<Allowed extends number | string>(
  name: string,
  allowed: readonly Allowed[],
  value: number | string,
): Allowed {
  const found = allowed.find(one => one === value);
  if (found !== undefined) return found;
  throw new CodedError('BAD_USER_INPUT', `${name} is one of ${allowed.join(', ')}, not ${value}`);
}
