import type { Guard } from '../../event.ts'
import { within } from '../../basics/deadline.ts'
import type { MaybePromise } from '../../basics/maybe.ts'
import { WebhookError } from '../../errors.ts'

/**
 * The memory of `inlineInbox` between deliveries: events that are done or running, and outcomes of tasks of failed
 * events. Each method is one atomic step for its key. `testLedger` of `@postern/testing` is its contract.
 */
export interface Ledger {
  /** The ledger's name in errors, such as `memoryLedger`. */
  readonly name: string
  /** True if entries survive the process. */
  readonly durable: boolean
  /** How long an entry is remembered after its last change, in milliseconds. */
  readonly dedupeWindow: number
  /** How long one reply waits for the ledger, over all calls, in milliseconds. Absent if it is synchronous. */
  readonly deadline?: number
  /**
   * Claims the key for `lease` milliseconds, unless it is done or claimed. `token` is unique to this call and fences
   * later calls: once another call has claimed the key, calls with the older token are rejected. `guards` are taken in
   * the same step, for as long as the key is remembered. If one belongs to another key, nothing is claimed; its own key
   * passes. Pass the same guards to `commit`, `release` and `undo`.
   */
  claim(
    key: string,
    token: string,
    lease: number,
    guards?: readonly Guard[],
  ): MaybePromise<LedgerClaim>
  /** Extends the claim by `lease` milliseconds; stores `state` if given. Returns false if the token lost the key. */
  renew(key: string, token: string, lease: number, state?: string): MaybePromise<boolean>
  /** Marks the key as done. Returns false if the token has lost it. */
  commit(key: string, token: string, guards?: readonly Guard[]): MaybePromise<boolean>
  /** Releases the key with a state for the next claim. Returns false if the token has lost it. */
  release(
    key: string,
    token: string,
    state: string,
    guards?: readonly Guard[],
  ): MaybePromise<boolean>
  /** Undoes the claim, and its guards if it was the key's first claim. Returns false if the token has lost the key. */
  undo(key: string, token: string, guards?: readonly Guard[]): MaybePromise<boolean>
  /** Registers a function for warnings to operators, such as a shortened window. */
  listen?(warn: (message: string) => void): void
  /** Closes what the ledger itself opened. */
  close?(): Promise<void>
}

/**
 * Result of a claim. `claimed`: you have it, for the `claims`th time (from 1), with the last state. `busy`: another
 * call has it for at most `left` milliseconds. `done`: it was committed. `guarded`: a guard belongs to another key;
 * `otherwise` is `reject` if any of these guards says so.
 */
export type LedgerClaim =
  | { readonly kind: 'claimed'; readonly claims: number; readonly state: string | undefined }
  | { readonly kind: 'busy'; readonly left: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'guarded'; readonly otherwise: Guard['otherwise'] }

/** The calls that a reply makes. */
export type LedgerCalls = Pick<Ledger, 'claim' | 'renew' | 'commit' | 'release' | 'undo'>

/** Wraps the calls of one reply, which wait at most the deadline together. A late claim is undone. */
export function patient(ledger: Ledger): LedgerCalls {
  const { deadline } = ledger
  if (deadline === undefined) return ledger
  // Start of the wait for an unanswered call, by `performance.now()`.
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
      // The ledger may answer with its own error at the same deadline.
      if (performance.now() < until - deadline! / 10) silent = undefined
    }
  }
}

function ignored(work: MaybePromise<unknown>): void {
  Promise.resolve(work).catch(() => {})
}
