/** One GraphQL result as JSON, the same text for everyone who gets it. */
export type Result = string;
