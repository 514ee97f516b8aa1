import type { ComponentChild } from 'preact';
import { thousands } from '../lib/decimal.ts';

/** A number in groups of three digits, set apart by space and not by a character: its text, and what is copied, is as it was. */
export function digits(text: string): ComponentChild {
  const [first, ...groups] = thousands(text);
  if (groups.length === 0) return text;
  return (
    <span class="digits">
      {first}
      {groups.map((group, index) => (
        <span key={index}>{group}</span>
      ))}
    </span>
  );
}

/** Of the space between two groups, in the width of a digit, as in the style sheet. */
const GAP = 0.3;

/** How wide a number is, in the width of a digit. */
export function widthOf(text: string): number {
  const point = text.indexOf('.');
  const whole = point < 0 ? text.length : point;
  return text.length + Math.max(0, Math.ceil(whole / 3) - 1) * GAP;
}
