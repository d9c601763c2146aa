import { inert } from './inert.ts'

// One place for all copies of this module: Next.js bundles routes, instrumentation and reloaded code apart.
const STORE = Symbol.for('postern.next.persistent')

/**
 * Keeps one value for the life of the process: the first call with that key makes it, all later ones get it, also after
 * a hot reload and in code that is bundled apart. For what holds a file or connections: an inbox, a pool. An edited
 * `make` takes effect with a restart.
 *
 * During `next build`, which runs route modules too, nothing is made: what is returned then can be handed to
 * `createReceiver` and opens nothing.
 *
 * @example
 * const inbox = persistent('inbox', () => sqliteInbox({ path: 'webhooks.db' }))
 */
export function persistent<T>(key: string, make: () => T): T {
  return isBuilding() ? (inert() as T) : kept(key, make)
}

/** True while `next build` runs modules to look at their exports. */
export function isBuilding(): boolean {
  return process.env['NEXT_PHASE'] === 'phase-production-build'
}

/** The value of that key, made once in the life of the process. */
export function kept<T>(key: string, make: () => T): T {
  const host = globalThis as { [STORE]?: Map<string, unknown> }
  const store = (host[STORE] ??= new Map())
  if (!store.has(key)) store.set(key, make())
  return store.get(key) as T
}
