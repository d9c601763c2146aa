import type { RedisClient } from './connection.ts'

/** Hears which queues have tasks that became ready. */
interface Wake {
  /** Adds a listener; returns what takes it away. */
  listen(ready: (queue: string) => void): () => void
  close(): void
}

/** Makes a {@link Wake}. Its connection, one for all queues, opens with the first listener. */
export function createWake(
  open: () => RedisClient,
  prefix: string,
  failed: (error: Error) => void,
): Wake {
  const listeners = new Set<(queue: string) => void>()
  let client: RedisClient | undefined
  return {
    listen(ready) {
      listeners.add(ready)
      if (!client) {
        client = open()
        client.on('error', failed)
        client.on('message', (_, queues: string) => {
          for (const queue of queues.split('\n')) for (const listener of listeners) listener(queue)
        })
        // Without the right to subscribe, tasks are found by the look of each second.
        client.subscribe(`${prefix}:wake`).catch(failed)
      }
      return () => void listeners.delete(ready)
    },
    close: () => client?.disconnect(),
  }
}
