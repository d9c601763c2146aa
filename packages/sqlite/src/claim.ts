import { type Json } from '@postern/core'
import { decodeDelivery, decodeEvent, suspects, type Consumer } from '@postern/core/inbox'
import { causeOf, errorTextOf } from './cause.ts'
import { explain } from './errors.ts'
import { namesOf, roomOf, type Claimed, type Lanes, type Slot } from './lanes.ts'
import { createReady, type ReadyRow } from './ready.ts'
import type { Store } from './store.ts'
import { DEAD, PENDING, RUNNING } from './tally.ts'
import type { Work } from './work.ts'

/** What a claim tells its port. */
export interface ClaimHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  /** False where nothing is to be claimed any more. */
  readonly active: () => boolean
  /** Looks for ready tasks: the place of suspects is free. */
  readonly look: () => void
  /** The next task of a lane is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
}

/** Makes what claims ready tasks for the free slots of a receiver, at the end of a transaction. */
export function createClaim(store: Store, host: ClaimHost): { wake(): void } {
  const { connections, settings, tally, turns, writer } = store
  const { consumer, lanes } = host
  const db = connections.main
  const ready = createReady(db)
  const claim = db.prepare(
    `UPDATE postern_tasks NOT INDEXED SET state = 1, attempt = attempt + 1, token = ?, due = ?
     WHERE id IN (SELECT value FROM json_each(?))`,
  )
  const bury = db.prepare(
    'UPDATE postern_tasks SET state = 3, due = ?, error = ?, cause = ? WHERE id = ?',
  )
  let claimed: Claimed[] = []
  let taken: number[] = []
  let asked = false

  const work: Work = {
    bytes: 0,
    run() {
      claimed = []
      taken = []
      asked = false
      if (!host.active()) return
      // What the transaction took in is to be found.
      store.begun.store()
      for (const slot of lanes.all()) {
        const room = roomOf(slot)
        if (slot.backlog && room > 0) fill(slot, room)
      }
    },
    undo() {
      lanes.cancel(claimed)
      for (const { slot } of claimed) slot.backlog = true
      claimed = []
    },
    done: () => lanes.start(claimed),
    failed(error) {
      asked = false
      for (const slot of lanes.all()) slot.backlog = true
      consumer.warn(error.message)
    },
  }

  return {
    wake() {
      if (asked) return
      asked = true
      writer.addLast(work)
    },
  }

  function fill(slot: Slot, room: number): void {
    const now = Math.floor(consumer.now())
    let left = room
    for (const name of namesOf(slot.lane)) {
      const lane = tally.find(consumer.receiver, name)
      if (lane === undefined) continue
      const rows = ready.due(lane, now, left)
      for (const row of rows) {
        // What failed or took a process down before is claimed only to start at once: claimed ahead of time, it would
        // be interrupted with each of those around it.
        if ((row.attempt > 0 || row.past === 1) && !canStart(slot, row)) return write()
        take(slot, name, lane, row, undefined)
      }
      left -= rows.length
      if (left === 0) return write()
      fillSuspect(slot, name, lane, now)
      const due = ready.next(lane, now)
      if (due !== undefined) host.dueAt(due)
    }
    slot.backlog = false
    write()
  }

  /** Writes the claims that were made since. */
  function write(): void {
    if (taken.length === 0) return
    const ids = `[${taken.join()}]`
    taken = []
    claim.run(store.token(), Date.now() + settings.lease, ids)
  }

  function canStart(slot: Slot, row: ReadyRow): boolean {
    const { cut, failed } = ready.past(row)
    return (row.attempt === 0 && cut + failed === 0) || slot.claimed < slot.lane.concurrency
  }

  /** One suspect at a time runs in a process; it is claimed only when it can start. */
  function fillSuspect(slot: Slot, name: string, lane: number, now: number): void {
    if (slot.claimed >= slot.lane.concurrency) return
    const row = ready.suspect(lane, now)
    const free = row && suspects.take(host.look)
    if (row && free) take(slot, name, lane, row, free)
  }

  function take(
    slot: Slot,
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
      const task: Claimed = {
        slot,
        id,
        token,
        lane,
        tenant,
        orderKey: row.order_key ?? undefined,
        subscription,
        part: part === '' ? undefined : part,
        data: data === null ? undefined : (JSON.parse(data) as Json),
        attempt: row.attempt + 1,
        fresh: cut + failed === 0,
        free,
        eventRow: row.event,
        sharing: row.order_key === null ? [] : lanes.sharing(subscription, lane),
        event: decodeEvent(row.record, delivery),
        delivery,
      }
      taken.push(id)
      tally.move(lane, PENDING, RUNNING, tenant)
      if (turn > 0) turns.reach(lane, turn)
      slot.claimed++
      claimed.push(task)
    } catch (error) {
      free?.()
      // What cannot be read cannot be run; left as it is, it would come first again and again.
      if (error instanceof Error && 'errcode' in error) throw error
      const message = `task ${id} cannot be read: ${explain(error, settings.path)}`
      const reason = { name: 'UnreadableTask', message }
      bury.run(Date.now(), errorTextOf(reason), causeOf(reason), id)
      tally.move(lane, PENDING, DEAD, tenant)
      consumer.warn(message)
    }
  }
}
