import type { Receiver } from '@postern/core'
import { isBuilding, kept } from './persistent.ts'

/** A receiver that edits can replace: what {@link reloadable} gives. */
export interface Reloadable<R> {
  /** Hands a request to the receiver of now; waits while one takes over from another. */
  readonly fetch: Receiver['fetch']
  /** Runs what is due at the receiver of now, for a cron route. */
  readonly drain: Receiver['drain']
  /** How the receiver of now is, for a route of probes. */
  readonly health: Receiver['health']
  /** The receiver of now. Rejected if its making failed. */
  readonly current: () => Promise<R>
}

/**
 * Keeps one live receiver for a key, with the handlers as they are now. When a hot reload runs the module again, the old
 * receiver is closed first (running attempts get five seconds to end) and the new one takes over; deliveries that come
 * meanwhile wait. There are never two receivers or workers. What is pending stays in the inbox, and the new receiver goes
 * on with it, if the inbox is {@link persistent}: an inbox made by the receiver itself is closed with it.
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
    current,
  }

  function current(): Promise<R> {
    return (slots.get(key) ?? take()).receiver
  }

  function take(): { receiver: Promise<R> } {
    const slot = slots.get(key)
    if (slot) {
      slot.receiver = slot.receiver.then(closed, () => {}).then(make)
      // What `make` throws is thrown at the next delivery, and mended by the next edit.
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
