import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../fixtures/kraken/', import.meta.url);

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

/** The frames of a recording, byte for byte. Sources are in test/fixtures/kraken/SOURCES.md. */
export function frames(name: string): readonly string[] {
  return readFileSync(fixturePath(name), 'utf8').trim().split('\n');
}

/** The token that follows `"name":` in a frame, read without any JSON parser. */
export function token(frame: string, name: string): string | undefined {
  return new RegExp(`"${name}":("[^"]*"|[^,}\\]]+)`).exec(frame)?.[1]?.replaceAll('"', '');
}
