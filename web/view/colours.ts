/** Colours of the style sheet, for what is drawn and not styled. */
interface Colours {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly up: string;
  readonly down: string;
  readonly upSoft: string;
  readonly downSoft: string;
}

export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('text'),
    muted: read('muted'),
    line: read('line'),
    up: read('up'),
    down: read('down'),
    upSoft: read('up-soft'),
    downSoft: read('down-soft'),
  };
}

/** Calls back when the page turns dark or light, until the returned function is called. */
export function onColours(changed: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}
