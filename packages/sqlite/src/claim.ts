import { type Json } from '@postern/core'
import {
  causeOf,
  decodeDelivery,
  decodeEvent,
  startable,
  suspects,
  type Consumer,
  type Runner,
  type Slot,
} from '@postern/core/inbox'
import type { Lanes } from './lanes.ts'
import type { Ready, ReadyRow } from './ready.ts'
import type { Store } from './store.ts'
import type { Running } from './task.ts'
import { DEAD, PENDING, RUNNING } from './tally.ts'

/** The port as claiming sees it. */
export interface ClaimHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly ready: Ready
  readonly runner: () => Runner<Running>
}

/** Makes the function that claims ready tasks for the hungry slots of a receiver, at the end of a transaction. */
export function createClaim(
  store: Store,
  host: ClaimHost,
): (over: (failed?: boolean) => void) => void {
  const { driver, settings, tally, turns, writer } = store
  const { consumer, lanes, ready } = host
  const db = driver.main
  const claim = db.prepare(
    `UPDATE postern_tasks NOT INDEXED SET state = 1, attempt = attempt + 1, token = ?, due = ?
     WHERE id IN (SELECT value FROM json_each(?))`,
  )
  const bury = db.prepare(
    'UPDATE postern_tasks SET state = 3, due = ?, error = ?, cause = ? WHERE id = ?',
  )
  let claimed: Running[] = []
  let taken: number[] = []

  return (over) => {
    writer.addLast({
      bytes: 0,
      run() {
        claimed = []
        taken = []
        if (!host.runner().active) return
        // Tasks of this transaction must be found too.
        store.begun.store()
        for (const { slot } of host.runner().hungry()) fill(slot, host.runner().room(slot))
      },
      undo: cancel,
      done() {
        host.runner().start(claimed)
        over()
      },
      failed(error) {
        consumer.warn(error.message)
        over(true)
      },
    })
  }

  function cancel(): void {
    for (const { slot, free } of claimed) {
      slot.backlog = true
      host.runner().reserve(slot, -1)
      free?.()
    }
    claimed = []
  }

  function fill(slot: Slot<Running>, room: number): void {
    const now = Math.floor(consumer.now())
    if (room <= 0) return
    slot.lean = false
    for (const name of slot.names) {
      const lane = tally.find(consumer.receiver, name)
      if (lane !== undefined) fillSuspect(slot, name, lane, now)
    }
    let left = Math.min(room, host.runner().room(slot))
    if (left <= 0) return write()
    for (const name of slot.names) {
      const lane = tally.find(consumer.receiver, name)
      if (lane === undefined) continue
      const rows = ready.due(lane, now, left)
      for (const row of rows) {
        // A task that failed or was interrupted is claimed only to start at once: one that waits in a process is
        // interrupted whenever another task kills the process.
        if (!isNew(row) && startable(slot) <= 0) return write()
        take(slot, name, lane, row, undefined)
      }
      left -= rows.length
      if (left === 0) return write()
      // A claimed task is not due any more.
      write()
      const due = ready.next(lane, now)
      if (due !== undefined) host.runner().dueAt(due)
    }
    slot.backlog = false
  }

  /** Writes the claims that were made since. */
  function write(): void {
    if (taken.length === 0) return
    const ids = `[${taken.join()}]`
    taken = []
    claim.run(store.token(), Date.now() + settings.lease, ids)
  }

  function isNew(row: ReadyRow): boolean {
    if (row.attempt > 0) return false
    const { cut, failed } = ready.past(row)
    return cut + failed === 0
  }

  /** One suspect at a time runs in a process. It is claimed only when it can start, and before the others, which may never end. */
  function fillSuspect(slot: Slot<Running>, name: string, lane: number, now: number): void {
    const row = ready.suspect(lane, now)
    const free = row && suspects.take(host.runner().look)
    if (!row || !free) return
    if (startable(slot) > 0) return take(slot, name, lane, row, free)
    slot.lean = true
    free()
  }

  function take(
    slot: Slot<Running>,
    subscription: string,
    lane: number,
    row: ReadyRow,
    free: (() => void) | undefined,
  ): void {
    const token = store.token()
    const { id, part, data } = row
    const { turn, tenant, cut, failed } = ready.past(row)
    try {
      const delivery = decodeDelivery(row.head, row.body)
      const task: Running = {
        slot,
        id,
        token,
        receiver: consumer.receiver,
        event: row.event,
        lane,
        tenant,
        orderKey: row.order_key ?? undefined,
        sharing: row.order_key === null ? NO_LANES : lanes.sharing(subscription, lane),
        number: row.attempt + 1,
        fresh: cut + failed === 0,
        subscription,
        part: part === '' ? undefined : part,
        data: data === null ? undefined : (JSON.parse(data) as Json),
        eventRecord: decodeEvent(row.record, delivery),
        delivery,
        free,
        lease: undefined,
        started: 0,
        took: 0,
        stored: false,
        place: -1,
        over: false,
        committed: undefined,
      }
      taken.push(id)
      tally.move(lane, PENDING, RUNNING, tenant)
      if (turn > 0) turns.reach(lane, turn)
      host.runner().reserve(slot, 1)
      claimed.push(task)
    } catch (error) {
      free?.()
      // An unreadable task cannot run: left as it is, it would be claimed first again and again.
      if (driver.errors.isOwn(error)) throw error
      const message = `task ${id} cannot be read: ${driver.errors.explain(error)}`
      const reason = { name: 'UnreadableTask', message }
      bury.run(Date.now(), JSON.stringify(reason), causeOf(reason), id)
      tally.move(lane, PENDING, DEAD, tenant)
      consumer.warn(message)
    }
  }
}

const NO_LANES: readonly number[] = []
