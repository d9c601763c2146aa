import {
  causeOf,
  decodeDelivery,
  decodeEvent,
  interrupted,
  poison,
  type Claim,
  type Consumer,
  type Lane,
  type TaskError,
} from '@postern/core/inbox'
import { gateOf } from './gates.ts'
import type { Lanes } from './lanes.ts'
import type { Store } from './store.ts'
import { DEAD, PENDING, RUNNING } from './tally.ts'
import { written } from './written.ts'

/** Frees tasks whose process gave no sign of life, by the rule of interruptions. */
export interface Reclaim {
  /** True if there are any. Only reads. */
  needed(): boolean
  /** Frees them; resolves when it is stored. */
  run(): Promise<void>
}

// Tasks freed in one transaction.
const STEP = 256

/** Makes it for a receiver. Tasks of its own lanes go first: their policy decides how often a suspect is charged. */
export function createReclaim(store: Store, consumer: Consumer, lanes: Lanes): Reclaim {
  const { running, settings, tally, history, order } = store
  const db = store.driver.main
  const expired = db.prepare(
    `SELECT id, lane, due, attempt, token, cut, charged, tenant, order_key FROM postern_tasks
     WHERE state = 1 AND due <= ? ORDER BY due LIMIT ${STEP}`,
  )
  const free = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, gate = ?, attempt = attempt - 1, cut = ?, charged = ? WHERE id = ?',
  )
  const kill = db.prepare(
    'UPDATE postern_tasks SET state = 3, due = ?, cut = ?, charged = 0, error = ?, cause = ? WHERE id = ?',
  )
  const load = db.prepare(
    `SELECT t.part, t.data, t.attempt, e.record, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body
     FROM postern_tasks t JOIN postern_events e ON e.id = t.event
     LEFT JOIN postern_deliveries d ON d.id = e.delivery WHERE t.id = ?`,
  )

  return {
    needed: () => ended().length > 0,
    async run() {
      const all = await written(store, () => ended().map(cut))
      for (const { row, name, lane, count, charged, poisoned } of all) {
        if (!lane) continue
        const { attempt } = row
        consumer.interrupted?.({
          subscription: name,
          task: String(row.id),
          attempt,
          count,
          charged,
        })
        if (poisoned)
          consumer.settled(poisoned.claim, { kind: 'dead', error: poisoned.error }, true)
      }
    },
  }

  /** Tasks that run in this process are left out, even if it was too busy to renew them. */
  function ended(): readonly EndedLease[] {
    const now = Date.now()
    const found: EndedLease[] = []
    for (const row of expired.all(now) as unknown as LeaseRow[]) {
      if (running.has(row.id)) continue
      const { name, receiver } = tally.laneOf(row.lane)
      const lane = receiver === tally.receiver(consumer.receiver) ? lanes.policy(name) : undefined
      if (lane || row.due <= now - settings.lease) found.push({ row, name, lane })
    }
    return found
  }

  function cut(found: EndedLease): CutLease {
    const { row, name, lane } = found
    const { id, attempt, token, tenant } = row
    const now = Math.floor(lane ? consumer.now() : Date.now())
    const next = interrupted({ cut: row.cut, charged: row.charged }, lane?.attempts)
    history.add({
      task: id,
      attempt,
      ended: row.due,
      took: undefined,
      outcome: 'interrupted',
      token,
      error: null,
    })
    const result = { ...found, count: next.cut, charged: next.charged }
    if (!next.poison) {
      const due = now + next.wait
      free.run(due, gateOf(next.cut, tenant), next.cut, next.charged, id)
      tally.move(row.lane, RUNNING, PENDING, tenant)
      return { ...result, poisoned: undefined }
    }
    const error = poison(next.charged)
    kill.run(now, next.cut, JSON.stringify(error), causeOf(error), id)
    tally.move(row.lane, RUNNING, DEAD, tenant)
    if (row.order_key !== null) order.release(lanes.sharing(name, row.lane), row.order_key)
    const claim = lane && claimOf(id, name)
    return { ...result, poisoned: claim && { claim, error } }
  }

  function claimOf(id: number, subscription: string): Claim | undefined {
    try {
      const { part, data, attempt, record, head, body } = load.get(id) as unknown as ClaimRow
      const delivery = decodeDelivery(head, body)
      return {
        id: String(id),
        subscription,
        part: part === '' ? undefined : part,
        data: data === null ? undefined : JSON.parse(data),
        event: decodeEvent(record, delivery),
        delivery,
        attempt,
      }
    } catch (error) {
      consumer.warn(`task ${id} is dead as poison, and cannot be read: ${String(error)}`)
      return undefined
    }
  }
}

interface EndedLease {
  readonly row: LeaseRow
  readonly name: string
  /** The subscription, if this receiver has it. */
  readonly lane: Lane | undefined
}

interface CutLease extends EndedLease {
  readonly count: number
  readonly charged: number
  /** The claim of a task that is dead as poison now. */
  readonly poisoned: { readonly claim: Claim; readonly error: TaskError } | undefined
}

interface LeaseRow {
  readonly id: number
  readonly lane: number
  readonly due: number
  readonly attempt: number
  readonly token: number
  readonly cut: number
  readonly charged: number
  readonly tenant: number
  readonly order_key: string | null
}

interface ClaimRow {
  readonly part: string
  readonly data: string | null
  readonly attempt: number
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}
