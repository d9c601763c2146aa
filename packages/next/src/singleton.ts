import type { Receiver } from '@postern/core'

// A global symbol, because Next.js bundles routes, instrumentation and reloaded code separately, each with a copy of
// this module.
const STORE = Symbol.for('postern.next.singleton')

/**
 * Returns one value per key for the life of the process. The first call creates the value; later calls get the same
 * value, also after a hot reload and in separate bundles. Use `singleton` for values that hold a file or connections:
 * an inbox, a pool. An edit of `make` takes effect at the next restart. During `next build`, which also runs route
 * modules, `singleton` returns a stand-in: `createReceiver` accepts it, and it opens nothing.
 *
 * @example
 * const inbox = singleton('inbox', () => sqliteInbox({ path: 'webhooks.db' }))
 */
export function singleton<T>(key: string, make: () => T): T {
  // Other code reads `worker` as an option of the inbox, so its value must be undefined and not a stand-in.
  return isBuilding() ? (inert({ worker: undefined }) as T) : kept(key, make)
}

/** Returns true while `next build` runs modules to read their exports. */
export function isBuilding(): boolean {
  return process.env['NEXT_PHASE'] === 'phase-production-build'
}

function kept<T>(key: string, make: () => T): T {
  const host = globalThis as { [STORE]?: Map<string, unknown> }
  const store = (host[STORE] ??= new Map())
  if (!store.has(key)) store.set(key, make())
  return store.get(key) as T
}

/**
 * Creates a stand-in for an inbox or receiver during `next build`. Every member is a function that returns another
 * stand-in, so receivers can be created and nothing is opened. It has no `then`, so it is not taken for a promise.
 * Members of `own` replace the functions.
 */
function inert(own: object = {}): object {
  // The stand-in is not a function, because `createReceiver` rejects functions: they are usually factories that
  // somebody forgot to call.
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

/** Receiver that code edits can replace, created by {@link hotReloadable}. */
export interface Reloadable<R> {
  /** Passes a request to the current receiver. While a new receiver takes over, the request waits. */
  readonly fetch: Receiver['fetch']
  /** Runs due tasks of the current receiver, for a cron route. */
  readonly runDue: Receiver['runDue']
  /** Returns the health of the current receiver, for a probe route. */
  readonly health: Receiver['health']
  /** Closes the current receiver if there is one. `closeOnSignal` in `instrumentation.ts` calls this. */
  readonly close: Receiver['close']
  /** Returns the current receiver. Rejects if `make` threw an error. */
  readonly current: () => Promise<R>
}

/**
 * Returns one live receiver per key, with the latest handlers. When a hot reload runs the module again, the old
 * receiver is closed first; running attempts get five seconds to end. Then the new receiver takes over; deliveries wait
 * meanwhile. Two receivers or workers never run at the same time. If the inbox is a {@link singleton}, pending tasks
 * stay there and the new receiver runs them. An inbox that the old receiver created itself is closed with this
 * receiver. During `next build`, which also runs route modules, nothing is created: secrets may be missing and no file
 * is opened.
 *
 * @example
 * const inbox = singleton('inbox', () => sqliteInbox({ path: 'webhooks.db' }))
 * export const receiver = hotReloadable('github', () =>
 *   createReceiver({ provider: github({ secret }), inbox }).on('push', deploy),
 * )
 */
export function hotReloadable<R extends Pick<Receiver, 'fetch' | 'close' | 'runDue' | 'health'>>(
  key: string,
  make: () => R,
): Reloadable<R> {
  const slots = kept('postern.hotReloadable', () => new Map<string, { receiver: Promise<R> }>())
  if (!isBuilding()) take()
  return {
    fetch: async (request, host) => (await current()).fetch(request, host),
    runDue: async (options) => (await current()).runDue(options),
    health: async () => (await current()).health(),
    async close(options) {
      const receiver = await slots.get(key)?.receiver
      await receiver?.close(options)
    },
    current,
  }

  function current(): Promise<R> {
    return (slots.get(key) ?? take()).receiver
  }

  function take(): { receiver: Promise<R> } {
    const slot = slots.get(key)
    if (slot) {
      slot.receiver = slot.receiver.then(closed, () => {}).then(make)
      // An error of `make` is thrown at the next delivery, so it is ignored here. The next edit can fix the error.
      slot.receiver.catch(() => {})
      return slot
    }
    const first = { receiver: Promise.resolve(make()) }
    slots.set(key, first)
    return first
  }
}

function closed(receiver: Pick<Receiver, 'close'>): Promise<void> {
  return receiver.close({ timeout: '5s' })
}
