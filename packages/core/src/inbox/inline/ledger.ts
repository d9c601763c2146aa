import type { Guard } from '../../event.ts'
import { within } from '../../basics/deadline.ts'
import type { MaybePromise } from '../../basics/maybe.ts'
import { WebhookError } from '../../errors.ts'

/**
 * The memory of `inlineInbox` between deliveries: the events that are done, those that run now, and the outcomes of
 * tasks of failed events. Every method is one atomic step for its key. `testLedger` of `@postern/testing` is its contract.
 */
export interface Ledger {
  /** As in `memoryLedger`: errors name it. */
  readonly name: string
  /** Remembers over the end of the process. */
  readonly durable: boolean
  /** For how long an entry is remembered after its last change, in milliseconds. */
  readonly dedupeWindow: number
  /** How long a reply waits for its answers, all calls together, in milliseconds. Absent if it answers at once. */
  readonly deadline?: number
  /**
   * Takes the key for `lease` milliseconds, unless it is done or somebody else has it. `token` is unique to this call
   * and fences the calls that follow: once another has taken the key, nothing done with the older token counts.
   * `guards` are taken in the same step, for as long as the key is remembered; if one belongs to another key, nothing
   * is taken. The key that holds them passes. Give the same guards to `commit`, `release` and `undo`.
   */
  claim(
    key: string,
    token: string,
    lease: number,
    guards?: readonly Guard[],
  ): MaybePromise<LedgerClaim>
  /** Holds the key for another `lease` milliseconds, and keeps `state` if given. False if the token has lost it. */
  renew(key: string, token: string, lease: number, state?: string): MaybePromise<boolean>
  /** Ends the key: from now on it is done. False if the token has lost it. */
  commit(key: string, token: string, guards?: readonly Guard[]): MaybePromise<boolean>
  /** Gives the key back with what the next claim has to know. False if the token has lost it. */
  release(
    key: string,
    token: string,
    state: string,
    guards?: readonly Guard[],
  ): MaybePromise<boolean>
  /** Takes the claim back, and the guards if it was the key's first, as if it had not been made. False if the token has lost it. */
  undo(key: string, token: string, guards?: readonly Guard[]): MaybePromise<boolean>
  /** Takes a function that hears warnings for operators, such as a window that became shorter. */
  listen?(warn: (message: string) => void): void
  /** Frees what the ledger itself opened. */
  close?(): Promise<void>
}

/**
 * What a claim found. `claimed`: it is yours, for the `claims`th time (1 at first), with the state its last holder left.
 * `busy`: somebody else has it for `left` more milliseconds at most. `done`: it was committed. `guarded`: a guard
 * belongs to another key; `otherwise` is what it says, `reject` if any does.
 */
export type LedgerClaim =
  | { readonly kind: 'claimed'; readonly claims: number; readonly state: string | undefined }
  | { readonly kind: 'busy'; readonly left: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'guarded'; readonly otherwise: Guard['otherwise'] }

/** What a reply calls. */
export type LedgerCalls = Pick<Ledger, 'claim' | 'renew' | 'commit' | 'release' | 'undo'>

/** The calls of one reply: together they wait no longer than the ledger's deadline for an answer. Those that are late go on unheard. */
export function patient(ledger: Ledger): LedgerCalls {
  const { deadline } = ledger
  if (deadline === undefined) return ledger
  // Since when calls have waited without an answer, on the clock of `performance.now()`.
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
      // Its own deadline ends at the same time.
      if (performance.now() < until - deadline! / 10) silent = undefined
    }
  }
}

function ignored(work: MaybePromise<unknown>): void {
  Promise.resolve(work).catch(() => {})
}
