import { Cluster, Redis, type RedisOptions } from 'ioredis'

/** Your client, which you close, or an address: a URL, or options of ioredis. */
export type RedisConnection = Redis | Cluster | RedisOptions | string

/** A client, and true if we must close it. */
interface Opened {
  readonly client: Redis | Cluster
  readonly own: boolean
}

/** Opens the connection. Its settings make commands fail at once while Redis is unreachable, not wait in a queue. */
export function openConnection(connection: RedisConnection): Opened {
  if (connection instanceof Redis || connection instanceof Cluster || isClient(connection))
    return { client: connection as Redis | Cluster, own: false }
  const settings = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    replyMapping: 'legacy' as const,
  }
  const client =
    typeof connection === 'string'
      ? new Redis(connection, settings)
      : new Redis({ ...connection, ...settings })
  return { client, own: true }
}

/** True for a client of a Redis Cluster. */
export function isCluster(client: Redis | Cluster): boolean {
  return 'isCluster' in client && client.isCluster === true
}

/** The hash tag of a prefix, which decides the slot of its keys; undefined if each key has its own slot. */
export function hashTag(prefix: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(prefix)?.[1]
}

// Another copy of ioredis makes clients that are no instances of ours.
function isClient(connection: object | string): boolean {
  return (
    typeof connection === 'object' &&
    'status' in connection &&
    'defineCommand' in connection &&
    typeof connection.defineCommand === 'function'
  )
}
