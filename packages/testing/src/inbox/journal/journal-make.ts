import type { Arrival, Journal, JournalBatch, MinuteCount } from '@postern/core/inbox'
import type { Scene } from '../scene.ts'

/** Milliseconds. */
export const MINUTE = 60_000
let start = 0

/** A round minute an hour ago, the same for all tests: history is kept for days. Workers have no clock at module scope. */
export function historyStart(): number {
  return (start ||= Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE)
}

/** The journal of a scene's inbox. */
export const journal = (scene: Scene): Journal => scene.inbox.journal!

/** A batch with these parts. */
export function batch(part: Partial<JournalBatch>): JournalBatch {
  return { arrived: [], minutes: [], gauges: [], lost: 0, ...part }
}

/** A refused delivery, unless said otherwise. */
export function arrival(id: string, options: Partial<Arrival> = {}): Arrival {
  return {
    id,
    at: historyStart(),
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'refused',
    verified: false,
    status: 401,
    took: 1.5,
    bytes: 20,
    topics: [],
    ids: [],
    keys: [],
    ...options,
  }
}

/** Counts of a minute after {@link historyStart}. */
export function minuteCounts(at: number, options: Partial<MinuteCount> = {}): MinuteCount {
  return {
    minute: historyStart() + at * MINUTE,
    receiver: 'shop',
    subscription: 'ship',
    kind: 'attempt',
    by: 'outcome',
    value: 'done',
    count: 1,
    sum: 1000,
    max: 1000,
    histogram: [[35, 1]],
    ...options,
  }
}
