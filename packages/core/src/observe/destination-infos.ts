import type { AttemptInfo } from './infos.ts'

/** An HTTP call to a destination, as observers may know it: no path and no query, since they may hold a secret. */
export interface CallInfo {
  /** The attempt that calls. */
  readonly attempt: AttemptInfo
  /** Name of the destination. */
  readonly destination: string
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly port: number
}

/** Calls to a destination pause in this process, or go on. */
export interface PauseInfo {
  readonly receiver: string
  readonly subscription: string
  /** Name of the destination. */
  readonly destination: string
  /** The end of the pause, in milliseconds since 1970: then one call is made as a probe. Undefined if calls go on. */
  readonly until: number | undefined
}
