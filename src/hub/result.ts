/** One serialised GraphQL result, the same for everyone who gets it. */
export class Result {
  readonly text: string;
  /** Room for what a transport makes of the text: made for the first subscriber, used for all. */
  bytes: Buffer | undefined = undefined;

  constructor(text: string) {
    this.text = text;
  }
}
