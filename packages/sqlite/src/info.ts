import type { TaskError, TaskInfo } from '@postern/core/inbox'
import { PROVIDER } from './filter.ts'
import type { PlacedRow } from './search.ts'
import { DONE, PENDING, STATES } from './tally.ts'

/** Columns of {@link InfoRow}, over the tables that a filter reads. */
export const INFO: string = `t.id, t.event, t.part, t.state, t.attempt, t.due, t.cut, t.took, t.error, t.cause, e.event_id, e.topic,
  e.scope, e.key, e.received, ${PROVIDER} AS provider, l.name AS subscription,
  r.name AS receiver,
  coalesce((SELECT max(seq) FROM postern_attempts a WHERE a.task = t.id), 0) + (t.state >= 2 AND t.took IS NOT NULL) AS runs`

/** A task as it is read. */
export interface InfoRow extends PlacedRow {
  readonly part: string
  readonly state: number
  readonly attempt: number
  readonly due: number
  readonly cut: number
  readonly took: number | null
  readonly error: string | null
  readonly cause: string | null
  readonly event_id: string | null
  readonly topic: string
  readonly scope: string | null
  readonly key: string
  readonly provider: string | null
  readonly subscription: string
  readonly receiver: string
  readonly runs: number
}

/** A task as operators see it. */
export function infoOf(row: InfoRow): TaskInfo {
  const failed = row.error !== null && row.state !== DONE
  return {
    id: String(row.id),
    receiver: row.receiver,
    subscription: row.subscription,
    part: row.part === '' ? undefined : row.part,
    state: STATES[row.state]!,
    attempt: row.attempt,
    attempts: row.runs,
    interrupted: row.cut,
    due: row.state === PENDING ? row.due : undefined,
    settledAt: row.state >= DONE ? row.due : undefined,
    duration: row.took === null ? undefined : row.took / 1000,
    error: failed ? (JSON.parse(row.error!) as TaskError) : undefined,
    cause: failed ? (row.cause ?? undefined) : undefined,
    provider: row.provider ?? undefined,
    event: {
      id: row.event_id ?? undefined,
      topic: row.topic,
      scope: row.scope ?? undefined,
      key: row.key,
    },
    receivedAt: row.received,
  }
}
