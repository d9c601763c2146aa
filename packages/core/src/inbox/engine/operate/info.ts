import { decodeDelivery, decodeEvent } from '../../codec.ts'
import type { TaskError } from '../../inbox.ts'
import type { TaskDetail, TaskInfo } from '../../view.ts'
import { DONE, PENDING, STATES, type LaneRow } from '../row.ts'
import type { FullRow, InfoRow } from './store.ts'

/** The number of a task's id; -1 if the id is of another inbox. */
export function numberOf(id: string): number {
  return /^[1-9]\d{0,15}$/.test(id) ? Number(id) : -1
}

/** A task as operators see it. */
export function infoOf(row: InfoRow, lane: LaneRow | undefined): TaskInfo {
  const failed = row.error !== null && row.state !== DONE
  return {
    id: String(row.id),
    receiver: row.receiver,
    subscription: lane?.name ?? '',
    part: row.part === '' ? undefined : row.part,
    state: STATES[row.state]!,
    attempt: row.attempt,
    attempts: row.runs,
    interrupted: row.cut,
    due: row.state === PENDING ? row.due : undefined,
    settledAt: row.state >= DONE ? row.due : undefined,
    duration: row.took === null ? undefined : row.took / 1000,
    error: failed ? errorOf(row.error) : undefined,
    cause: failed ? (row.cause ?? undefined) : undefined,
    provider: row.provider === '' ? undefined : row.provider,
    event: {
      id: row.eventId ?? undefined,
      topic: row.topic,
      scope: row.scope ?? undefined,
      key: row.key,
    },
    receivedAt: row.received,
  }
}

/** A task with its event. Of one that cannot be read it has what its other columns say. */
export function detailOf(row: FullRow, info: TaskInfo): TaskDetail {
  try {
    const delivery = decodeDelivery(row.head, row.body)
    return { ...info, record: decodeEvent(row.record, delivery), delivery }
  } catch {
    const { event, provider = '', receivedAt } = info
    const shown = { ...event, provider, dedupe: true, aliases: [], payload: null }
    const delivery = { method: 'POST', url: '/', headers: [], body: row.body, receivedAt }
    return { ...info, record: shown, delivery }
  }
}

/** An error as it was stored; one that cannot be read must not hide its task. */
export function errorOf(stored: string): TaskError {
  try {
    const error = JSON.parse(stored) as Partial<TaskError> | null
    if (typeof error?.name === 'string' && typeof error.message === 'string')
      return error as TaskError
  } catch {
    // Shown below.
  }
  return { name: 'UnreadableError', message: stored.slice(0, 1000) }
}
