import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { type AssetFile, assetsOf, type Page } from './page.ts';

const BOOT = `
const { workers, ...options } = JSON.parse(document.getElementById('options').textContent);
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => workers[label] };

// What stands in the headers of the tab goes along with every request; over WebSocket that is when it connects.
let headers = options.defaultTabs[0]?.headers;
const parsed = () => {
  try {
    return JSON.parse(headers || '{}');
  } catch {
    return {};
  }
};
YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  ...options,
  connectionParams: parsed,
  onEditHeaders: text => { headers = text; },
  onTabChange: ({ tabs, activeTabIndex }) => { headers = tabs[activeTabIndex]?.headers; },
});
`;

/**
 * GraphiQL with nothing fetched from elsewhere: the assets of `@graphql-yoga/render-graphiql` as files of this
 * server, and a tab for each document in `schema/operations/`.
 *
 * @param withAccount whether there are balances to show
 */
export async function loadGraphiQL(endpoint: string, withAccount: boolean): Promise<Page> {
  const { js, css, favicon, editorWorkerService, graphqlWorker, jsonWorker } = await import(
    '@graphql-yoga/render-graphiql/graphiql'
  );
  const files: AssetFile[] = [];
  const add = (name: string, type: string, text: string): string => {
    const body = Buffer.from(text);
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
    const path = `${endpoint}/assets/${name.replace('.', `.${hash}.`)}`;
    files.push({ path, type, body });
    return path;
  };
  const script = 'text/javascript; charset=utf-8';
  const paths = {
    css: add('graphiql.css', 'text/css; charset=utf-8', css),
    js: add('graphiql.js', script, js),
    boot: add('boot.js', script, BOOT),
    workers: {
      editorWorkerService: add('editor.js', script, editorWorkerService),
      graphql: add('graphql.js', script, graphqlWorker),
      json: add('json.js', script, jsonWorker),
    },
  };
  const options = {
    title: 'kraken-graphql',
    endpoint,
    subscriptionsProtocol: 'WS',
    defaultTabs: exampleOperations(withAccount),
    shouldPersistHeaders: false,
    schemaDescription: true,
    workers: paths.workers,
  };
  return { html: page(paths, favicon, options), assets: await assetsOf(files) };
}

/** Documents of the account have numbers from here on. */
const FIRST_PRIVATE = '20';
const TOKEN_HEADER = JSON.stringify({ Authorization: 'Bearer <ACCESS_TOKEN>' });

/** The documents of `schema/operations/`, each a tab, in the order of their names. */
function exampleOperations(
  withAccount: boolean,
): readonly { readonly query: string; readonly headers: string }[] {
  const folder = new URL('../../schema/operations/', import.meta.url);
  return readdirSync(folder)
    .filter(name => name.endsWith('.graphql') && (withAccount || name < FIRST_PRIVATE))
    .sort()
    .map(name => ({
      query: readFileSync(new URL(name, folder), 'utf8'),
      headers: name < FIRST_PRIVATE ? '{}' : TOKEN_HEADER,
    }));
}

function page(paths: { css: string; js: string; boot: string }, favicon: string, options: object): string {
  // `<` escaped: no text in a document can end the script element.
  const json = JSON.stringify(options).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>kraken-graphql</title>
    <link rel="icon" href="${favicon}">
    <link rel="stylesheet" href="${paths.css}">
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script type="application/json" id="options">${json}</script>
    <script src="${paths.js}"></script>
    <script type="module" src="${paths.boot}"></script>
  </body>
</html>
`;
}
