import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { widthOf } from './digits.tsx';

/**
 * How wide the widest text of each column was so far, in the width of a digit. A column that was wide once stays so: nothing
 * moves when a digit comes or goes.
 */
export function useWidest(...columns: readonly (readonly string[])[]): readonly number[] {
  const widest = useRef<readonly number[]>([]);
  widest.current = columns.map((texts, column) =>
    texts.reduce((most, text) => Math.max(most, widthOf(text)), widest.current[column] ?? 0),
  );
  return widest.current;
}

/** For the style sheet: `--w1` is the width of the first column, in the width of a digit. */
export function widthsOf(widest: readonly number[]): Record<string, string> {
  return Object.fromEntries(widest.map((width, column) => [`--w${column + 1}`, width.toFixed(1)]));
}

interface FitProps {
  readonly label: string;
  /** Changes when what is in it needs more room than before. */
  readonly need: string;
  readonly children: ComponentChildren;
}

/**
 * A table that is scrolled up and down, by the keyboard too, and never sideways: where its columns have no room, its rows
 * become cards.
 */
export function Fit({ label, need, children }: FitProps) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    let fitted = -1;
    const fit = (): void => {
      if (element.clientWidth === fitted) return;
      element.classList.remove('cards');
      if (element.scrollWidth > element.clientWidth) element.classList.add('cards');
      fitted = element.clientWidth;
    };
    const again = (): void => {
      fitted = -1;
      fit();
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    // As cards it may be as narrow as before, with more room beside it.
    addEventListener('resize', again);
    return () => {
      observer.disconnect();
      removeEventListener('resize', again);
    };
  }, [need]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without a place in the order of tabs no key could scroll it
    <section ref={box} class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
