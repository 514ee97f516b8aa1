/** The GraphQL server as a library: `import { createApp, readConfig } from 'kraken-graphql/server'`. */
export { type App, type AppOptions, createApp } from './app.ts';
export { type Config, readConfig } from './config.ts';
export * from './index.ts';
