import type { Receiver } from '@postern/core'
import { isBuilding, kept } from './persistent.ts'

/** A receiver that edits can replace, made by {@link reloadable}. */
export interface Reloadable<R> {
  /** Hands a request to the current receiver; waits while a new one takes over. */
  readonly fetch: Receiver['fetch']
  /** Runs due tasks of the current receiver, for a cron route. */
  readonly drain: Receiver['drain']
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
 * runs them, if the inbox is {@link persistent}: an inbox made by the receiver itself is closed with it.
 *
 * During `next build`, which runs route modules too, nothing is made: secrets need not be there and no file is opened.
 *
 * @example
 * const inbox = persistent('inbox', () => sqliteInbox({ path: 'webhooks.db' }))
 * export const receiver = reloadable('github', () =>
 *   createReceiver({ provider: github({ secret }), inbox }).on('push', deploy),
 * )
 */
export function reloadable<R extends Pick<Receiver, 'fetch' | 'close' | 'drain' | 'health'>>(
  key: string,
  make: () => R,
): Reloadable<R> {
  const slots = kept('postern.reloadable', () => new Map<string, { receiver: Promise<R> }>())
  if (!isBuilding()) take()
  return {
    fetch: async (request, host) => (await current()).fetch(request, host),
    drain: async (options) => (await current()).drain(options),
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
