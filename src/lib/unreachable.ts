/** Ends every switch over a union: does not compile while a member is unhandled. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
