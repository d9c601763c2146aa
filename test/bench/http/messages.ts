/** What a server answers: once with its port, then to each message. */
export type ServerAnswer = { readonly port: number } | ServerUse

/** What a server process has used and done since it started. */
export interface ServerUse {
  /** User and system CPU time in microseconds, of all its threads. */
  readonly cpu: number
  /** Resident memory in bytes. */
  readonly rss: number
  /** Events that reached a handler. */
  readonly handled: number
}

/** A stretch of load. */
export interface Load {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The header that gets a value of its own in each request. */
  readonly idHeader: string | undefined
  readonly connections: number
  /** Milliseconds; requests that run at the end are waited for. */
  readonly time: number
  /** Goes on until this number of requests, or for `most` milliseconds. @default 0 */
  readonly least?: number
  readonly most?: number
}

/** What came of a stretch of load. */
export interface LoadResult {
  readonly requests: number
  /** Answers that were no 2xx, by status. */
  readonly rejected: Readonly<Record<string, number>>
  readonly milliseconds: number
}
