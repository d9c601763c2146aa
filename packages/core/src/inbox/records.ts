import type { Json } from '../delivery.ts'
import type { MaybePromise } from '../basics/maybe.ts'

/**
 * Small keyed values beside the tasks, with compare-and-set: destinations, handshake secrets, marks. A stored value that
 * cannot be read is told, and counts as absent: `get` finds nothing, `list` leaves it out, and `set` with 0 replaces it.
 */
export interface Records {
  get(key: string): MaybePromise<{ readonly value: Json; readonly version: number } | undefined>
  /** Stores the value if the version is still `expected` (0: not there yet); else returns false. */
  set(key: string, value: Json, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(
    prefix: string,
  ): MaybePromise<
    readonly { readonly key: string; readonly value: Json; readonly version: number }[]
  >
}
