/** What to do about a refusal, whatever its exact words. */
export type Advice =
  /** This subscription can not work; report it to whoever asked and leave the rest alone. */
  | 'giveUp'
  /** The session or token is not valid: get a new token and try again once. */
  | 'reauthenticate'
  /** The venue is busy or limits us: wait, then try again. */
  | 'retryLater'
  /** What was asked for is so already. */
  | 'alreadyDone'
  /** We sent something that Kraken does not understand: our mistake. */
  | 'ourMistake';

/**
 * Kraken's error strings are prose that changes; what stays is their beginning or a phrase. First match wins.
 * An unknown string means `giveUp`, and is shown as it is.
 *
 * @see https://docs.kraken.com/api/docs/guides/spot-errors
 */
const RULES: ReadonlyArray<readonly [RegExp, Advice]> = [
  [/^already subscribed|subscription not found/i, 'alreadyDone'],
  [/exceeded msg rate|rate limit|too many requests|throttled/i, 'retryLater'],
  [/^EService:|^EGeneral:Internal error|^EGeneral:Temporary lockout|^EAPI:Invalid nonce/i, 'retryLater'],
  [/^ESession:|session does not exist|^EAPI:Invalid token|^token\(s\) not found/i, 'reauthenticate'],
  [/^malformed request|^unsupported (field|event)|must be an? |unsupported field|requires /i, 'ourMistake'],
  [/unavailable on this endpoint|^symbol\(s\) not found|^subscription name invalid/i, 'ourMistake'],
];

export function adviceFor(error: string): Advice {
  return RULES.find(([pattern]) => pattern.test(error))?.[1] ?? 'giveUp';
}
