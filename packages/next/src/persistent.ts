// One place for all copies of this module: Next.js bundles routes, instrumentation and reloaded code apart.
const STORE = Symbol.for('postern.next.persistent')

/**
 * Keeps one value for the life of the process: the first call with that key makes it, all later ones get it, also after
 * a hot reload and in separate bundles. Use it for values that hold a file or connections: an inbox, a pool. An edited
 * `make` takes effect with a restart.
 *
 * `next build` runs route modules too. It then returns a stand-in that `createReceiver` accepts and that opens nothing.
 *
 * @example
 * const inbox = persistent('inbox', () => sqliteInbox({ path: 'webhooks.db' }))
 */
export function persistent<T>(key: string, make: () => T): T {
  // An inbox that says nothing of who runs its tasks.
  return isBuilding() ? (inert({ work: undefined }) as T) : kept(key, make)
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

/**
 * A stand-in for an inbox or receiver while `next build` runs the module. Every member is a function that returns a
 * stand-in, so that receivers can be made with it, and nothing is opened. It is no promise.
 * Members of `own` are as they are there.
 */
function inert(own: object = {}): object {
  // An object and not a function, since factories that were not called are functions.
  return new Proxy(own, MEMBERS)
}

const MEMBERS: ProxyHandler<object> = {
  get: (target, name) => (isOwn(target, name) ? Reflect.get(target, name) : member(name)),
  has: () => true,
}

function isOwn(target: object, name: string | symbol): boolean {
  return typeof target !== 'function' && Object.hasOwn(target, name)
}

function member(name: string | symbol): unknown {
  if (name === 'then') return undefined
  if (name === Symbol.toPrimitive) return () => 'next build'
  return new Proxy(() => {}, { ...MEMBERS, apply: () => inert() })
}
