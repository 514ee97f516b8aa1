import { Model } from '../lib/model.ts';

/** Ticks once a second, for ages that are shown. */
class Clock extends Model {
  constructor() {
    super();
    setInterval(() => this.changed(), 1_000);
  }
}

export const clock = new Clock();
