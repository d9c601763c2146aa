import type { Delivery } from '../delivery.ts'
import type { WebhookError } from '../errors.ts'
import type { KeptRequest } from '../inbox/journal.ts'
import { sealKept } from '../inbox/sealed-kept.ts'
import type { Answered } from './conclude.ts'
import type { RecorderContext } from './recorder.ts'

/** Keeps head and body of refused deliveries. */
export interface Kept {
  /** Those of a refusal that arrived at a time, for the arrival with this id; undefined if they are not kept. */
  of(
    at: number,
    id: string,
    error: WebhookError,
    delivery: Answered['delivery'],
  ): KeptRequest | undefined
  /** The next batch begins: the journal keeps the last ones of each code. */
  next(): void
}

const LARGEST = 256 * 1024

/** Makes it: a few of each code and batch, without credentials, and sealed if the receiver seals. */
export function createKept({
  kept: most = 0,
  strip,
  seal,
}: Pick<RecorderContext, 'kept' | 'strip' | 'seal'>): Kept {
  /** How many of the next batch are kept, by code. */
  let counts = new Map<string, number>()

  return {
    of(at, id, { code }, delivery) {
      const count = counts.get(code) ?? 0
      if (count >= most || !isWhole(delivery)) return undefined
      if (delivery.body.byteLength > LARGEST) return undefined
      counts.set(code, count + 1)
      try {
        const { url, headers, body } = strip(delivery, at)
        const request = { url, headers, body }
        return seal ? sealKept(seal, id, request) : request
      } catch {
        // A credential cannot be removed from an unreadable body.
        return undefined
      }
    },
    next: () => void (counts = new Map()),
  }
}

function isWhole(delivery: Answered['delivery']): delivery is Delivery {
  return delivery !== undefined && 'headerLines' in delivery
}
