/** Models that changed since they were last shown. */
const dirty = new Set<Model>();
let requested = false;
/** Of the page's monotonic clock. */
let notBeforeMs = 0;

/** After a frame nothing new is shown for this many times as long as it kept the page busy: */
const REST_PER_WORK = 2;
/** the page belongs to whoever uses it. But no longer than this. */
const LONGEST_REST_MS = 100;

function request(): void {
  if (requested) return;
  requested = true;
  requestAnimationFrame(showFrame);
}

/** The next frame shows what changed, however much the one before it kept the page busy. */
export function showNextFrame(): void {
  notBeforeMs = 0;
}

function showFrame(): void {
  requested = false;
  const startMs = performance.now();
  if (startMs < notBeforeMs) {
    request();
    return;
  }
  const models = [...dirty];
  dirty.clear();
  for (const model of models) model.show();
  // After the browser has laid out and painted what is new, which is most of the work.
  setTimeout(() => {
    const nowMs = performance.now();
    notBeforeMs = nowMs + Math.min(LONGEST_REST_MS, (nowMs - startMs) * REST_PER_WORK);
  });
}

/**
 * State that views watch. However often it changes, whoever watches is told once per animation frame at the most: a view
 * costs what the screen shows and not what the market does. Where that is too much for the machine, frames are left out. While
 * the page is hidden there are none, and nothing is kept but the state itself.
 */
export abstract class Model {
  readonly #watchers = new Set<() => void>();
  #version = 0;

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  /** Calls `watcher` in a frame that follows a change, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Tells the watchers. Called by the frame. */
  show(): void {
    for (const watcher of this.#watchers) watcher();
  }

  protected changed(): void {
    this.#version += 1;
    if (this.#watchers.size === 0) return;
    dirty.add(this);
    request();
  }
}
