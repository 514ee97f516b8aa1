/** Shorter values turn up by chance. */
const LEAST_LENGTH = 8;

/** Knows values that nobody may see, and takes them out of whatever text they turn up in, encoded or not. */
export class Redactor {
  readonly #spellings = new Set<string>();

  /** @param values what is empty or very short is left alone */
  constructor(values: readonly string[]) {
    for (const value of values.filter(({ length }) => length >= LEAST_LENGTH)) {
      const base64 = Buffer.from(value).toString('base64');
      for (const spelling of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), base64]) {
        this.#spellings.add(spelling);
      }
    }
  }

  redact(text: string): string {
    let redacted = text;
    for (const spelling of this.#spellings) {
      if (redacted.includes(spelling)) redacted = redacted.replaceAll(spelling, '[redacted]');
    }
    return redacted;
  }
}
