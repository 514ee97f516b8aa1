/** Models that changed since the last animation frame. */
const dirty = new Set<Model>();
let requested = false;

function showFrame(): void {
  requested = false;
  const models = [...dirty];
  dirty.clear();
  for (const model of models) model.show();
}

/**
 * State that views watch. However often it changes, whoever watches is told once per animation frame: a view costs what
 * the screen shows and not what the market does. While the page is hidden there are no frames, and nothing is kept but the
 * state itself.
 */
export abstract class Model {
  readonly #watchers = new Set<() => void>();
  #version = 0;

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  /** Calls `watcher` in each frame that follows a change, until the returned function is called. */
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
    if (requested) return;
    requested = true;
    requestAnimationFrame(showFrame);
  }
}
