import {
  decodeDelivery,
  decodeEvent,
  orphansOf,
  type Consumer,
  type InboxView,
  type TaskError,
  type TaskInfo,
} from '@postern/core/inbox'
import { unavailable } from './errors.ts'
import { where } from './filter.ts'
import { createChange } from './change.ts'
import type { Store } from './store.ts'
import { PENDING, STATES } from './tally.ts'

const FROM = `FROM postern_tasks t JOIN postern_events e ON e.id = t.event
  JOIN postern_lanes l ON l.id = t.lane JOIN postern_receivers r ON r.id = l.receiver`
const COLUMNS = `t.id, t.part, t.state, t.attempt, t.due, t.error, e.event_id, e.topic, e.scope, e.key, e.received,
  l.name AS subscription, r.name AS receiver`

/** What operators see and do. Reads are short and go past the writes; changes are made in small transactions. */
export function createView(
  store: Store,
  look: () => void,
  consumers: () => readonly Consumer[],
): InboxView {
  const { side } = store.connections
  const detail = side.prepare(
    `SELECT ${COLUMNS}, e.record, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body
     ${FROM} LEFT JOIN postern_deliveries d ON d.id = e.delivery WHERE t.id = ?`,
  )
  const lanes = side.prepare(
    `SELECT l.*, r.name AS receiver FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver ORDER BY l.id`,
  )
  const { replay, discard, prune } = createChange(store, look)

  return {
    list({ limit = 100, cursor, ...filter } = {}) {
      const { sql, values } = where(
        filter,
        cursor === undefined ? [] : [['t.id > ?', Number(cursor)]],
      )
      const rows = read(() =>
        side
          .prepare(`SELECT ${COLUMNS} ${FROM} WHERE ${sql} ORDER BY t.id LIMIT ?`)
          .all(...values, limit + 1),
      ) as unknown as InfoRow[]
      const tasks = rows.slice(0, limit).map(info)
      return { tasks, cursor: rows.length > limit ? tasks.at(-1)?.id : undefined }
    },
    get(id) {
      const number = where({ id }).values[0]!
      const row = read(() => detail.get(number)) as DetailRow | undefined
      if (!row) return undefined
      const delivery = decodeDelivery(row.head, row.body)
      return { ...info(row), record: decodeEvent(row.record, delivery), delivery }
    },
    stats: () =>
      laneRows().map(({ receiver, name, pending, running, done, dead }) => ({
        receiver,
        subscription: name,
        counts: { pending, running, done, dead },
      })),
    replay,
    discard,
    prune,
    orphans: () =>
      orphansOf(
        laneRows().map(({ receiver, name, pending }) => ({
          receiver,
          subscription: name,
          pending,
        })),
        consumers(),
      ),
  }

  function laneRows(): readonly LaneRow[] {
    return read(() => lanes.all()) as unknown as LaneRow[]
  }

  function read<T>(query: () => T): T {
    try {
      return query()
    } catch (error) {
      throw unavailable(error, store.settings.path)
    }
  }
}

function info(row: InfoRow): TaskInfo {
  return {
    id: String(row.id),
    receiver: row.receiver,
    subscription: row.subscription,
    part: row.part === '' ? undefined : row.part,
    state: STATES[row.state]!,
    attempt: row.attempt,
    due: row.state === PENDING ? row.due : undefined,
    error: row.error === null ? undefined : (JSON.parse(row.error) as TaskError),
    event: {
      id: row.event_id ?? undefined,
      topic: row.topic,
      scope: row.scope ?? undefined,
      key: row.key,
    },
    receivedAt: row.received,
  }
}

interface InfoRow {
  readonly id: number
  readonly part: string
  readonly state: number
  readonly attempt: number
  readonly due: number
  readonly error: string | null
  readonly event_id: string | null
  readonly topic: string
  readonly scope: string | null
  readonly key: string
  readonly received: number
  readonly subscription: string
  readonly receiver: string
}

interface DetailRow extends InfoRow {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

interface LaneRow {
  readonly receiver: string
  readonly name: string
  readonly pending: number
  readonly running: number
  readonly done: number
  readonly dead: number
}
