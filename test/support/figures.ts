import type { Page } from 'playwright-core';

/**
 * Numbers of a page that do not stand there whole: cut off by an ancestor, or beneath another one. Up and down a scrolled
 * list may hide some, sideways nothing may.
 */
export function unreadable(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    // What stays at the top of the screen covers nothing there.
    scrollTo(0, 0);
    const wrong: string[] = [];
    const seen: { readonly text: string; readonly owner: Element; readonly rect: DOMRect }[] = [];
    /** What an element hides of what is in it; undefined if nothing. */
    const clips = new Map<Element, ReturnType<typeof measured>>();
    const measured = (element: Element) => {
      const { overflowX, overflowY, contain, display } = getComputedStyle(element);
      const isOpen = overflowX === 'visible' && !/paint|content|strict/.test(contain);
      if (isOpen || display.startsWith('inline') || element === document.documentElement) return undefined;
      const box = element.getBoundingClientRect();
      const [left, top] = [box.left + element.clientLeft, box.top + element.clientTop];
      const [right, bottom] = [left + element.clientWidth, top + element.clientHeight];
      return { left, top, right, bottom, overflowY, isWider: element.scrollWidth > element.clientWidth };
    };
    const clipOf = (element: Element): ReturnType<typeof measured> => {
      if (!clips.has(element)) clips.set(element, measured(element));
      return clips.get(element);
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent ?? '';
      if (!/\d/.test(text) || element === null || !element.checkVisibility()) continue;
      if (element.closest('.hidden, .skip') !== null) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const where = element.closest('[id]')?.id ?? '';
      const rects = [...range.getClientRects()];
      const whole = element.closest('.digits') ?? element;
      if (new Set(rects.map(({ top }) => Math.round(top))).size > 1 && /^[\d.]+$/.test(text.trim())) {
        wrong.push(`${where}: ${text} is on more than one line`);
      }
      let scrolled = false;
      let hidden = false;
      for (let ancestor: Element | null = element; ancestor !== null; ancestor = ancestor.parentElement) {
        const clip = clipOf(ancestor);
        if (clip === undefined) continue;
        const { left, right, top, bottom, overflowY } = clip;
        if (clip.isWider) wrong.push(`${where}: ${text} in something scrolled sideways`);
        for (const rect of rects) {
          if (rect.left < left - 0.6 || rect.right > right + 0.6) wrong.push(`${where}: ${text} is cut`);
          const above = rect.top < top - 3 || rect.bottom > bottom + 3;
          if (above && scrolled === false && /auto|scroll/.test(overflowY)) hidden = true;
          else if (above && !hidden && !scrolled) wrong.push(`${where}: ${text} is cut above or below`);
        }
        if (/auto|scroll/.test(overflowY)) scrolled = true;
      }
      if (!hidden) for (const rect of rects) seen.push({ text, owner: whole, rect });
    }
    for (const [index, one] of seen.entries()) {
      for (const other of seen.slice(index + 1)) {
        if (one.owner === other.owner) continue;
        const across = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
        const along = Math.min(one.rect.bottom, other.rect.bottom) - Math.max(one.rect.top, other.rect.top);
        if (across > 1 && along > 4) wrong.push(`${one.text} and ${other.text} overlap`);
      }
    }
    const wider = document.documentElement.scrollWidth - innerWidth;
    if (wider > 0) wrong.push(`the page is ${wider} px too wide`);
    return [...new Set(wrong)];
  });
}

/** After the next layout and what follows from it. */
export function settled(page: Page): Promise<void> {
  return page.evaluate(
    () =>
      new Promise<void>(resolve => {
        let frames = 0;
        const frame = (): void => {
          frames += 1;
          if (frames === 4) resolve();
          else requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
  );
}
