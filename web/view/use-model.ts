import { useEffect, useMemo, useReducer } from 'preact/hooks';
import type { Model } from '../lib/model.ts';

/** Renders again in the frame after one of the models has changed. */
export function useModels(...models: readonly (Model | undefined)[]): void {
  const [, render] = useReducer((times: number, _: undefined) => times + 1, 0);
  const shown = models.map(model => model?.version);
  useEffect(() => {
    const watched = models.filter(model => model !== undefined);
    const stops = watched.map(model => model.watch(() => render(undefined)));
    // It may have changed between the rendering and now.
    if (models.some((model, index) => model?.version !== shown[index])) render(undefined);
    return () => {
      for (const stop of stops) stop();
    };
    // The models are what it depends on; their versions are looked at, not waited for.
  }, models);
}

/** Made when a key changes, started while it is shown. */
export function useStarted<Started extends { start(): void; stop(): void }>(
  make: () => Started,
  keys: readonly unknown[],
): Started {
  const started = useMemo(make, keys);
  useEffect(() => {
    started.start();
    return () => started.stop();
  }, [started]);
  return started;
}
