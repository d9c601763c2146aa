/** Answer of a server process: first its port, then its usage per message. */
export type ServerAnswer = { readonly port: number } | ServerUse

export interface ServerUse {
  /** User and system CPU time of all threads, in microseconds. */
  readonly cpu: number
  /** Resident memory in bytes. */
  readonly rss: number
  /** Events that reached a handler. */
  readonly handled: number
}

export interface Load {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Header that gets a new value in each request. */
  readonly idHeader: string | undefined
  readonly connections: number
  /** Duration in milliseconds. Running requests are completed. */
  readonly time: number
  /** Continues until this number of requests, or for `most` milliseconds. @default 0 */
  readonly least?: number
  readonly most?: number
}

export interface LoadResult {
  readonly requests: number
  /** Number of responses outside 2xx, by status. */
  readonly rejected: Readonly<Record<string, number>>
  readonly milliseconds: number
}
