import { fileURLToPath } from 'node:url'

/** Where the filled store of version 1 of an inbox lies. */
export const fixtureOf = (name: string): string =>
  fileURLToPath(new URL(`fixtures/version-1/${name}.json`, import.meta.url))
