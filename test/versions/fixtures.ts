import { fileURLToPath } from 'node:url'

/** Returns the path of an inbox's filled store of version 1. */
export const fixtureOf = (name: string): string =>
  fileURLToPath(new URL(`fixtures/version-1/${name}.json`, import.meta.url))
