import type { Guard } from '../../event.ts'
import { within } from '../../basics/deadline.ts'
import type { MaybePromise } from '../../basics/maybe.ts'
import { WebhookError } from '../../errors.ts'

/**
 * What `inlineInbox` remembers between deliveries: which events are done or running, and the outcomes of tasks of
 * failed events. Each method is one atomic step for its key. `testLedger` of `@postern/testing` tests a ledger.
 */
export interface Ledger {
  /** The ledger's name in errors, such as `memoryLedger`. */
  readonly name: string
  /** True if entries survive the end of the process. */
  readonly durable: boolean
  /** How long the ledger remembers an entry after its last change, in milliseconds. */
  readonly dedupeWindow: number
  /**
   * Maximum time that one reply waits for a ledger that does not answer, over all calls, in milliseconds. Absent if the
   * ledger is synchronous.
   */
  readonly deadline?: number
  /**
   * Claims an event's key for `lease` milliseconds, unless the key is done or claimed. `token` is unique to this call.
   * Once another call has claimed the key, calls with the older token are rejected. `guards` are keys that only one
   * event may hold. The guards are taken in the same step, for as long as the event's key is remembered. If a guard
   * belongs to another event's key, nothing is claimed. Pass the same guards to `commit`, `release` and `undo`.
   */
  claim(
    key: string,
    token: string,
    lease: number,
    guards?: readonly Guard[],
  ): MaybePromise<LedgerClaim>
  /**
   * Extends the claim to `lease` milliseconds from now, and stores `state` if given. Returns false if the token has
   * lost the key.
   */
  renew(key: string, token: string, lease: number, state?: string): MaybePromise<boolean>
  /** Marks the key as done. Returns false if the token has lost the key. */
  commit(key: string, token: string, guards?: readonly Guard[]): MaybePromise<boolean>
  /** Releases the key, and stores a state for the next claim. Returns false if the token has lost the key. */
  release(
    key: string,
    token: string,
    state: string,
    guards?: readonly Guard[],
  ): MaybePromise<boolean>
  /**
   * Undoes the claim. If this claim was the key's first, also releases the guards. Returns false if the token has lost
   * the key.
   */
  undo(key: string, token: string, guards?: readonly Guard[]): MaybePromise<boolean>
  /** Registers a function that logs warnings for operators, for example that events are forgotten early. */
  listen?(warn: (message: string) => void): void
  /** Closes the connections that the ledger itself has opened. */
  close?(): Promise<void>
}

/**
 * Result of a claim. `claimed`: the caller has the key; `claims` is the number of claims so far, this one included, and
 * `state` is the last stored state. `busy`: another call has the key, for at most `left` milliseconds. `done`: the key
 * was committed. `guarded`: at least one of the guards belongs to another key; `otherwise` is `reject` if one of those
 * guards has `otherwise: 'reject'`, else `duplicate`.
 */
export type LedgerClaim =
  | { readonly kind: 'claimed'; readonly claims: number; readonly state: string | undefined }
  | { readonly kind: 'busy'; readonly left: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'guarded'; readonly otherwise: Guard['otherwise'] }

export type LedgerCalls = Pick<Ledger, 'claim' | 'renew' | 'commit' | 'release' | 'undo'>

/**
 * Wraps a ledger for one reply. If the ledger stops answering, all calls together wait at most for `deadline`. A claim
 * that succeeds later is undone.
 */
export function patient(ledger: Ledger): LedgerCalls {
  const { deadline } = ledger
  if (deadline === undefined) return ledger
  // When the ledger stopped answering, as a time of `performance.now()`. Undefined if the last call was answered in
  // time.
  let silent: number | undefined

  return {
    claim: (...args) =>
      heard(ledger.claim(...args), ({ kind }) => {
        const [key, token, , guards] = args
        if (kind === 'claimed') ignored(ledger.undo(key, token, guards))
      }),
    renew: (...args) => heard(ledger.renew(...args)),
    commit: (...args) => heard(ledger.commit(...args)),
    release: (...args) => heard(ledger.release(...args)),
    undo: (...args) => heard(ledger.undo(...args)),
  }

  async function heard<T>(call: MaybePromise<T>, unheard?: (answer: T) => void): Promise<T> {
    silent ??= performance.now()
    const until = silent + deadline!
    const late = (): Error =>
      new WebhookError(
        'inbox_unavailable',
        `inlineInbox: ${ledger.name} did not answer within ${deadline} ms`,
      )
    try {
      return await within(Promise.resolve(call), until, late, unheard)
    } finally {
      // `silent` is cleared only if the call ended well before the deadline. Near the deadline, the call may have ended
      // with the ledger's own timeout.
      if (performance.now() < until - deadline! / 10) silent = undefined
    }
  }
}

function ignored(work: MaybePromise<unknown>): void {
  Promise.resolve(work).catch(() => {})
}
