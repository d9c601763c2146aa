import type { Cluster, Redis } from 'ioredis'

/** A call that waits for the connection. */
export interface Waiter {
  /** The client can be used. */
  ready(): void
  /** The client was closed. */
  failed(error: Error): void
}

/** The calls that wait for the connection of a client. */
interface Waiters {
  /** Adds a call. Use it if the client is not ready. */
  add(waiter: Waiter): void
  /** Takes out a call that waits no longer: they would add up while Redis is unreachable. */
  delete(waiter: Waiter): void
}

/** Makes the {@link Waiters}. They share two listeners: own listeners would stay on the client until Redis is back. */
export function createWaiters(client: Redis | Cluster): Waiters {
  const waiting = new Set<Waiter>()
  client.on('ready', () => {
    for (const waiter of takeAll()) waiter.ready()
  })
  client.on('end', () => {
    for (const waiter of takeAll()) waiter.failed(closed())
  })
  return {
    add(waiter) {
      if (client.status === 'end') return waiter.failed(closed())
      waiting.add(waiter)
      // A client with `lazyConnect`. Its `error` event has the reason of a failure.
      if (client.status === 'wait') client.connect().catch(() => {})
    },
    delete: (waiter) => void waiting.delete(waiter),
  }

  function takeAll(): readonly Waiter[] {
    const all = [...waiting]
    waiting.clear()
    return all
  }
}

function closed(): Error {
  return new Error('the client of Redis was closed')
}
