import { unavailable, type RedisClient } from './connection.ts'

export interface ReplicaSettings {
  /** Number of replicas that must have a delivery before it is acknowledged. */
  readonly wait: number
  /** Maximum time to wait for the replicas, in milliseconds. */
  readonly within: number
}

/** Waits for replicas, so that a failover keeps acknowledged deliveries. */
export interface Replicas {
  /** Returns the number of the current connection. Call this before the writes that `confirmed` waits for. */
  line(): number
  /** Rejects with `inbox_unavailable` if the replicas do not confirm all writes of the connection `line` in time. */
  confirmed(line: number): Promise<void>
}

/** Uses the command WAIT: https://redis.io/docs/latest/commands/wait/ */
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
      // WAIT covers only writes of its own connection. But the event of a duplicate delivery was stored by another
      // process. This write comes after that event, so WAIT covers both.
      await client.set(`${prefix}:replicas`, '')
      const confirmed = await client.wait(wait, within)
      if (line !== lines)
        throw unavailable(
          'the connection to Redis broke before the replicas confirmed the delivery',
        )
      if (confirmed < wait)
        throw unavailable(
          `replicas: ${confirmed} of ${wait} replicas confirmed the delivery within ${within} ms, so a failover could lose it; check the replication of Redis, or lower replicas.wait`,
        )
    },
  }
}
