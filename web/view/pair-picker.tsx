import { useEffect, useRef, useState } from 'preact/hooks';
import { type Pair, type Pairs, search } from '../model/pairs.ts';
import type { Place } from '../model/place.ts';
import { useModels } from './use-model.ts';

/** Pairs that are listed at once; more letters find the others. */
const LISTED = 50;

/** A field that finds a pair: by letters, arrows and Enter, or by the mouse. Ctrl-K leads to it from anywhere. */
export function PairPicker({ pairs, place }: { readonly pairs: Pairs; readonly place: Place }) {
  useModels(pairs, place);
  const input = useRef<HTMLInputElement>(null);
  /** What was typed; undefined while nothing is being looked for. */
  const [text, setText] = useState<string>();
  /** Of the list; none until something was typed or an arrow pressed. */
  const [active, setActive] = useState(-1);
  const open = text !== undefined;
  const found = open ? search(pairs.all, text).slice(0, LISTED) : [];

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    if (open) document.getElementById(optionId(active))?.scrollIntoView({ block: 'nearest' });
  }, [open, active]);

  const close = (): void => setText(undefined);
  const look = (wanted: string): void => {
    setText(wanted);
    setActive(wanted === '' ? -1 : 0);
  };
  const choose = ({ symbol }: Pair): void => {
    close();
    input.current?.blur();
    place.go({ symbol });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = found.length - 1;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        event.preventDefault();
        if (!open) look('');
        else setActive(Math.max(0, Math.min(last, active + (event.key === 'ArrowDown' ? 1 : -1))));
        break;
      case 'Enter': {
        const pair = found[active];
        if (pair !== undefined) choose(pair);
        break;
      }
      case 'Escape':
        close();
        input.current?.blur();
        break;
      default:
    }
  };

  return (
    <div class="picker">
      <input
        ref={input}
        role="combobox"
        aria-label="Pair"
        aria-expanded={open}
        aria-controls="pairs"
        aria-autocomplete="list"
        aria-activedescendant={found[active] === undefined ? undefined : optionId(active)}
        autocomplete="off"
        spellcheck={false}
        value={text ?? place.symbol}
        placeholder={place.symbol}
        onFocus={() => {
          pairs.refresh();
          look('');
        }}
        onInput={event => look(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <span class="key" aria-hidden="true">
        {/Mac|iP/.test(navigator.platform) ? '⌘ K' : 'Ctrl K'}
      </span>
      <div id="pairs" class="list" role="listbox" aria-label="Pairs" hidden={!open}>
        {found.map((pair, index) => (
          <div
            key={pair.symbol}
            id={optionId(index)}
            class="option"
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            // Before the field loses the focus, and with it the list.
            onMouseDown={event => {
              event.preventDefault();
              choose(pair);
            }}
            onMouseMove={() => setActive(index)}
          >
            {pair.symbol}
            {pair.status !== 'online' && <small>{pair.status.replace('_', ' ')}</small>}
          </div>
        ))}
        {open && found.length === 0 && (
          <div class="option none" role="option" tabIndex={-1} aria-selected={false} aria-disabled>
            {pairs.error ?? (pairs.all.length === 0 ? 'Loading the pairs' : 'No such pair')}
          </div>
        )}
      </div>
    </div>
  );
}

function optionId(index: number): string {
  return `pair-${index}`;
}
