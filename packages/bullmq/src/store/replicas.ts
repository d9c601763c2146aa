import { unavailable, type RedisClient } from './connection.ts'

/** How many replicas must have a delivery before it is acknowledged. */
export interface ReplicaSettings {
  readonly wait: number
  /** Milliseconds. */
  readonly within: number
}

/** Waits for replicas, so that a failover keeps what was acknowledged. */
export interface Replicas {
  /** The line to Redis that the writes are about to take. */
  line(): number
  /** Resolves when the replicas have all that this line has written. Rejects with `inbox_unavailable` if they do not in time. */
  confirmed(line: number): Promise<void>
}

/** Makes a {@link Replicas}. https://redis.io/docs/latest/commands/wait/ */
export function createReplicas(
  client: RedisClient,
  prefix: string,
  { wait, within }: ReplicaSettings,
): Replicas {
  let lines = 0
  client.on('ready', () => lines++)
  return {
    line: () => lines,
    async confirmed(line) {
      // WAIT is about the writes of its own connection, and a duplicate has none: an event that another process stored
      // is behind this write.
      await client.set(`${prefix}:replicas`, '')
      const confirmed = await client.wait(wait, within)
      if (line !== lines)
        throw unavailable('the connection to Redis broke before its replicas had confirmed')
      if (confirmed < wait)
        throw unavailable(
          `replicas: ${confirmed} of ${wait} confirmed within ${within} ms, so a failover could lose the delivery; look at the replication of Redis, or lower replicas.wait`,
        )
    },
  }
}
