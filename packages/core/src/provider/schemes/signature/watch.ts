import type { HashName, SignatureEncoding } from './hmac-names.ts'
import type { SignedMessage } from './message.ts'

/** One comparison of an HMAC, for tools that explain why nothing matched. It holds signatures. */
export interface Compared {
  readonly algorithm: HashName
  readonly encoding: SignatureEncoding
  readonly message: SignedMessage
  readonly candidates: readonly string[]
}

// Undefined until a tool watches, so that a receiver pays one comparison.
let watchers: WeakMap<Uint8Array, (seen: Compared) => void> | undefined

/** Calls `report` for each comparison made with this very key object. */
export function watch(key: Uint8Array, report: (seen: Compared) => void): void {
  watchers ??= new WeakMap()
  watchers.set(key, report)
}

/** Reports a comparison to the tool that watches the key. */
export function compared(key: Uint8Array, seen: Compared): void {
  watchers?.get(key)?.(seen)
}

/** True once a tool watches any key. */
export function isWatched(): boolean {
  return watchers !== undefined
}
