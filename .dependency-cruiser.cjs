/**
 * The layers of docs/ARCHITECTURE.md as rules. Imports point one way:
 * main → app → server → graphql → hub → client → market → kraken → lib. Skipping a layer is fine.
 */
const above = {
  lib: ['kraken', 'market', 'hub', 'graphql', 'server', 'simulator'],
  kraken: ['market', 'hub', 'graphql', 'server', 'simulator'],
  market: ['hub', 'graphql', 'server', 'simulator'],
  hub: ['graphql', 'server', 'simulator'],
  graphql: ['server', 'simulator'],
  server: ['simulator'],
};
const roots = '^src/(client/|(client|app|config|logging|run|cli|main|demo|index|server|version)\\.ts$)';

module.exports = {
  forbidden: [
    ...Object.entries(above).map(([layer, layers]) => ({
      name: `${layer}-looks-down`,
      comment: `src/${layer} knows nothing of what is built on it.`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: `^src/(${layers.join('|')})/` },
    })),
    {
      name: 'core-does-not-know-its-roots',
      comment: 'lib, kraken and market are below the client, and know neither it nor what composes it.',
      severity: 'error',
      from: { path: '^src/(lib|kraken|market)/' },
      to: { path: roots },
    },
    {
      name: 'layers-know-only-the-client',
      comment:
        'hub, graphql and server may use the client and its callback types, not the composition roots.',
      severity: 'error',
      from: { path: '^src/(hub|graphql|server)/' },
      to: { path: '^src/(app|config|logging|run|cli|main|demo|index|server|version)\\.ts$' },
    },
    {
      name: 'client-stands-on-market',
      comment: 'The library must be usable without hub, GraphQL and server.',
      severity: 'error',
      from: { path: '^src/client(/|\\.ts$)' },
      to: {
        path: '^src/((hub|graphql|server|simulator)/|(app|config|logging|run|cli|main|demo|index|server|version)\\.ts)',
      },
    },
    {
      name: 'library-is-the-client',
      comment: 'Whoever imports the client loads no GraphQL: the server is an entry of its own.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: {
        path: '^src/((hub|graphql|server|simulator)/|(app|config|logging|run|cli|main|demo|server|version)\\.ts)',
      },
    },
    {
      name: 'client-parts-do-not-know-the-whole',
      comment: 'The class puts them together; none of them needs it.',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { path: '^src/client\\.ts$' },
    },
    {
      name: 'only-kraken-opens-sockets-to-kraken',
      comment: 'ws is a client in kraken/, a server in server/, and the double has its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(kraken|server|simulator)/' },
      to: { path: 'node_modules/ws/' },
    },
    {
      name: 'only-graphql-and-server-speak-graphql',
      comment: 'Below them nothing depends on a GraphQL library.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(graphql|server)/' },
      to: { path: 'node_modules/(graphql|graphql-yoga|graphql-ws|@pothos)/' },
    },
    {
      name: 'simulator-is-a-double',
      comment: 'It has its own protocol code, so that a bug shared with the product can not hide.',
      severity: 'error',
      from: { path: '^src/simulator/' },
      to: { path: '^src/', pathNot: '^src/(simulator/|lib/|kraken/(messages|checksum)\\.ts)' },
    },
    {
      name: 'product-does-not-need-the-simulator',
      comment: 'Only the command line starts it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(simulator/|(cli|demo|main)\\.ts)' },
      to: { path: '^src/simulator/' },
    },
    {
      name: 'product-does-not-need-tests',
      comment: 'Nothing in src may come from test, bench or development dependencies.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|codegen)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'web-is-a-client',
      comment: 'The dashboard knows the server by its API alone, as any front-end does.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|test|bench|examples|schema)/' },
    },
    {
      name: 'web-data-flows-one-way',
      comment: 'api → model → view; what they share is in lib.',
      severity: 'error',
      from: { path: '^web/(lib|api|model)/' },
      to: { path: '^web/(view/|main)' },
    },
    {
      name: 'web-models-are-read-and-not-asked',
      comment: 'lib and api know no model.',
      severity: 'error',
      from: { path: '^web/(lib|api)/' },
      to: { path: '^web/model/' },
    },
    {
      name: 'nothing-needs-the-dashboard',
      comment: 'The server serves the files that it was built to, if there are any.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^web/' },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere. (The one exception is a package of types alone.)',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@graphql-typed-document-node/core$' },
    },
  ],
  options: {
    // Packages of their own, with dependencies of their own.
    exclude: { path: '^(bench/peers|test/package/project)/' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
