import { Model, showNextFrame } from '../lib/model.ts';
import { pageClock } from '../lib/page-clock.ts';

/** Ticks once a second, for ages that are shown, and looks whether the page has slept. */
class Clock extends Model {
  constructor() {
    super();
    setInterval(() => {
      pageClock.check();
      this.changed();
    }, 1_000);
  }

  /** Looks at once when the browser says that the page goes on. */
  follow(): void {
    pageClock.onDoubt(showNextFrame);
    document.addEventListener('resume', () => pageClock.doubt());
    document.addEventListener('visibilitychange', () => pageClock.check());
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) pageClock.doubt();
    });
  }
}

export const clock = new Clock();
