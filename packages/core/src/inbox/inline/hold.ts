import { randomUUID } from 'node:crypto'
import type { EventRecord } from '../../event.ts'
import type { MaybePromise } from '../../basics/maybe.ts'
import type { Ledger } from './ledger.ts'

/** An event that this delivery may run: what the ledger knows of it, and the calls that need its token. */
export interface HeldEvent {
  readonly kind: 'held'
  /** Claims of the event so far, this one included. */
  readonly claims: number
  /** What the last holder left. */
  readonly state: string | undefined
  readonly renew: (state?: string) => MaybePromise<boolean>
  readonly commit: () => MaybePromise<boolean>
  readonly release: (state: string) => MaybePromise<boolean>
  /** Takes the claim back, as if it had not been made. */
  readonly undo: () => MaybePromise<boolean>
}

/** `refused`: a guard of the event belongs to another one, and says `refuse`. */
type Hold = HeldEvent | { readonly kind: 'duplicate' | 'busy' | 'refused' }

/** Claims an event and its guards for a receiver. */
export async function hold(
  receiver: string,
  ledger: Ledger,
  lease: number,
  { key, dedupe, guards }: EventRecord,
): Promise<Hold> {
  // An event without identity cannot be found again: a redelivery of it runs all its tasks again.
  if (!dedupe && !guards) return UNKNOWN
  // The length keeps receiver and key apart whatever they hold.
  const scoped = (name: string): string => `${receiver.length}:${receiver}:${name}`
  const event = scoped(key)
  const own = guards?.map((guard) => ({ ...guard, key: scoped(guard.key) }))
  const token = randomUUID()
  const claimed = await ledger.claim(event, token, lease, own)
  if (claimed.kind === 'guarded')
    return { kind: claimed.otherwise === 'refuse' ? 'refused' : 'duplicate' }
  if (claimed.kind === 'busy') return { kind: 'busy' }
  if (claimed.kind === 'done') return { kind: 'duplicate' }
  return {
    kind: 'held',
    claims: claimed.claims,
    state: claimed.state,
    renew: (state) => ledger.renew(event, token, lease, state),
    commit: () => ledger.commit(event, token, own),
    release: (state) => ledger.release(event, token, state, own),
    undo: () => ledger.undo(event, token, own),
  }
}

const UNKNOWN: HeldEvent = {
  kind: 'held',
  claims: 1,
  state: undefined,
  renew: () => true,
  commit: () => true,
  release: () => true,
  undo: () => true,
}

/** Receiver and scope of a key that {@link hold} made; '' of any other. */
export function tenantOf(key: string): string {
  const receiver = endOf(key, 0)
  return receiver === 0 ? '' : key.slice(0, endOf(key, receiver + 1))
}

/** The end of a text whose length stands before it; `from` if there is none. */
function endOf(key: string, from: number): number {
  const mark = key.indexOf(':', from)
  const length = key.slice(from, mark)
  return mark > from && /^\d+$/.test(length) ? mark + 1 + Number(length) : from
}
