import type { ComponentChildren } from 'preact';
import { count } from '../lib/format.ts';

interface PanelProps {
  /** Of the element; its heading is named after it. */
  readonly id: string;
  readonly title: string;
  /** Beside the heading: a badge, or something to choose. */
  readonly aside?: ComponentChildren;
  /** Whether what it shows is not to be trusted right now. */
  readonly stale?: boolean;
  readonly children: ComponentChildren;
}

/** A part of the page with a heading. */
export function Panel({ id, title, aside, stale = false, children }: PanelProps) {
  return (
    <section id={id} class={stale ? 'panel stale' : 'panel'} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** In place of what is not there yet, or never will be. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

interface FigureProps {
  readonly label: string;
  /** Beside the label, smaller: what changes all the time. */
  readonly details?: ComponentChildren;
  /** What the label means, for whoever points at it. */
  readonly hint?: string;
  readonly children: ComponentChildren;
  /** What draws the eye: something is wrong. */
  readonly alarm?: boolean;
  /** By how much it rose recently, when that is an alarm. */
  readonly news?: number;
}

/** A named value in a list of them. */
export function Figure({ label, details, hint, children, alarm = false, news = 0 }: FigureProps) {
  return (
    <div class={alarm || news > 0 ? 'figure alarm' : 'figure'}>
      <dt title={hint}>
        {label}
        {details !== undefined && <small>{details}</small>}
      </dt>
      <dd>
        {children}
        {news > 0 && <small title="In the last minutes">+{count(news)}</small>}
      </dd>
    </div>
  );
}
