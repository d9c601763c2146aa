import type { Receiver } from '@postern/core'

// One place for all copies of this module: Next.js bundles routes, instrumentation and reloaded code apart.
const STORE = Symbol.for('postern.next.singleton')

/**
 * Keeps one value for the life of the process: the first call with that key makes it, all later ones get it, also after
 * a hot reload and in separate bundles. Use it for values that hold a file or connections: an inbox, a pool. An edited
 * `make` takes effect with a restart.
 *
 * `next build` runs route modules too. It then returns a stand-in that `createReceiver` accepts and that opens nothing.
 *
 * @example
 * const inbox = singleton('inbox', () => sqliteInbox({ path: 'webhooks.db' }))
 */
export function singleton<T>(key: string, make: () => T): T {
  // An inbox that says nothing of who runs its tasks.
  return isBuilding() ? (inert({ worker: undefined }) as T) : kept(key, make)
}

/** True while `next build` runs modules to look at their exports. */
export function isBuilding(): boolean {
  return process.env['NEXT_PHASE'] === 'phase-production-build'
}

/** The value of that key, made once in the life of the process. */
function kept<T>(key: string, make: () => T): T {
  const host = globalThis as { [STORE]?: Map<string, unknown> }
  const store = (host[STORE] ??= new Map())
  if (!store.has(key)) store.set(key, make())
  return store.get(key) as T
}

/**
 * A stand-in for an inbox or receiver while `next build` runs the module. Every member is a function that returns a
 * stand-in, so that receivers can be made with it, and nothing is opened. It is not a promise.
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

/** A receiver that edits can replace, made by {@link hotReloadable}. */
export interface Reloadable<R> {
  /** Hands a request to the current receiver; waits while a new one takes over. */
  readonly fetch: Receiver['fetch']
  /** Runs due tasks of the current receiver, for a cron route. */
  readonly runDue: Receiver['runDue']
  /** The state of the current receiver, for a route of probes. */
  readonly health: Receiver['health']
  /** Closes the current receiver, if there is one: for `closeOnSignal` in `instrumentation.ts`. */
  readonly close: Receiver['close']
  /** The current receiver. Rejects if it could not be made. */
  readonly current: () => Promise<R>
}

/**
 * Keeps one live receiver for a key, with the newest handlers. When a hot reload runs the module again, the old
 * receiver is closed first (running attempts get five seconds to end) and the new one takes over; deliveries that come
 * meanwhile wait. There are never two receivers or workers. Pending tasks stay in the inbox, and the new receiver
 * runs them, if the inbox is {@link singleton}: an inbox made by the receiver itself is closed with it.
 *
 * During `next build`, which runs route modules too, nothing is made: secrets need not be there and no file is opened.
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
      // An error of `make` is thrown at the next delivery; the next edit can fix it.
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
