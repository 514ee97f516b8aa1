import { defineConfig } from 'vite';

/** `npx vite web` serves the dashboard as it is edited, against a server on its usual port. */
// biome-ignore lint/style/noDefaultExport: Vite wants it so
export default defineConfig({
  build: {
    emptyOutDir: true,
    // Everything is a file of its own: the page allows nothing that stands in it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // Of what is bundled, beside it.
    license: { fileName: 'licenses.md' },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true } } },
});
