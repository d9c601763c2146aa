import { grouped, steps, wait, type Steps } from '../../../basics/maybe.ts'
import { errorText } from '../../../errors.ts'
import type { EngineSide } from '../parts.ts'
import type { Undo } from '../write/batch.ts'
import { SUSPECT, type ClaimRow, type Wish } from '../row.ts'
import { promote } from './settle.ts'
import { startable, type Slot } from './slot.ts'
import { patchOf } from '../patch.ts'
import { unreadable } from '../rules.ts'
import { patchAll } from './order.ts'
import { taskOf, type Task } from './task.ts'

export interface Claims {
  fetch(over: (failed?: boolean) => void): void
  /** Makes the next claims also look for a suspect: a task that was interrupted three times in a row. */
  suspected(): void
  /** Makes the next claim look for tasks that wait for a turn (a number by which tenants are served in rotation). */
  soon(): void
  dueAt(at: number): void
}

// MOST is the maximum number of tasks in a claim. TIMES is the maximum number of due times in `times`.
const MOST = 1000
const TIMES = 2000

export function createClaims(side: EngineSide): Claims {
  const { store, writer, consumer, lanes, runner } = side
  let alone = false
  let asked = true
  let times: number[] = []
  // The lane (a subscription's number) of the last claimed task.
  let last: number | undefined

  return {
    fetch(over) {
      if (side.versionWatch.rejected() !== undefined) return over(true)
      const begin = (): void =>
        writer.last(
          (undo) => steps(() => claim(undo)),
          (error) => failed(error, over),
        )
      // If the store is open, `begin` is called synchronously. So the open transaction also claims the tasks that
      // became ready in it.
      if (store.opened) begin()
      else void ready().then(begin, (error: unknown) => failed(error, over))

      function* claim(undo: Undo): Steps<() => void> {
        yield* wait(lanes.ensureAll())
        yield* giveTurns()
        const started = yield* claimReady(undo)
        return () => {
          started()
          over()
          arm()
        }
      }
    },
    suspected: () => void (alone = true),
    soon: () => void (asked = true),
    dueAt,
  }

  /** Schedules a claim for when the next waiting task is due, since a poll would be too late. */
  function arm(): void {
    const next = store.alone?.next(lanes.all())
    if (next !== undefined) runner().dueAt(consumer.now() + next)
    else if (times.length > 0) runner().dueAt(times[0]!)
  }

  function dueAt(at: number): void {
    // The search starts at the end, since times mostly arrive in order.
    let place = times.length
    while (place > 0 && times[place - 1]! > at) place--
    if (times[place - 1] === at) return
    times.splice(place, 0, at)
    // Drops every other due time. A task with a dropped due time is claimed at the next due time.
    if (times.length > TIMES) times = times.filter((_, each) => each % 2 === 1)
  }

  async function ready(): Promise<void> {
    if (!store.opened) await store.open()
  }

  function failed(error: unknown, over: (failed?: boolean) => void): void {
    if (store.fault(error) !== 'again') consumer.failed?.(error)
    consumer.warn(`tasks could not be claimed: ${errorText(error)}`)
    over(true)
  }

  function* giveTurns(): Steps<void> {
    const now = consumer.now()
    if (!store.alone && !asked && !(times[0]! <= now)) return
    asked = false
    const late = times.findIndex((at) => at > now)
    times = late < 0 ? [] : times.slice(late)
    if (yield* promote(store, lanes.all(), side.settings.deadline)) asked = true
  }

  function* claimReady(undo: Undo): Steps<() => void> {
    // While this claim waited to start, an update of the store may have shut this process out.
    if (!runner().active() || side.versionWatch.rejected() !== undefined) return () => {}
    const wanted = wishes()
    if (wanted.length === 0) return () => {}
    // During `runDue`, all slots (subscriptions) share one limit. The room of each slot is at most what is left of this
    // limit, so the rooms must not be added up.
    const most = side.draining() ? Math.max(...wanted.map(({ room }) => room)) : MOST
    const gate = alone ? suspects.take(() => runner().look()) : undefined
    const token = side.token()
    side.flying.add(token)
    undo(() => side.flying.delete(token))
    const leased = performance.now()
    // `backlog` is cleared before the claim, since tasks that become ready during the claim set it again.
    for (const { slot } of wanted) slot.backlog = false
    const byLane = wanted.flatMap(({ slot, room, starts }) =>
      slot.names.flatMap((name) => {
        const lane = lanes.find(name)
        return lane === undefined ? [] : { lane, room, now: starts }
      }),
    )
    let rows: readonly ClaimRow[] = []
    try {
      rows = yield* share(byLane, most, gate !== undefined, token)
    } catch (error) {
      side.flying.delete(token)
      for (const { slot } of wanted) slot.backlog = true
      throw error
    } finally {
      for (const { slot, held } of wanted) runner().reserve(slot, -held)
      if (gate && !rows.some((row) => row.gate === SUSPECT)) {
        alone = false
        gate()
      }
    }
    const started = yield* hand(side, wanted, rows, {
      token,
      leased,
      gate,
      full: rows.length >= most,
      undo,
    })
    return () => {
      started()
      side.flying.delete(token)
    }
  }

  /**
   * Claims tasks for the lanes, at most `most`. If the lanes have room for more, they get equal shares, in rotation
   * after the lane of the last claimed task. So one subscription cannot use up `most` while other subscriptions wait.
   */
  function* share(
    wanted: readonly Wish[],
    most: number,
    suspect: boolean,
    token: number,
  ): Steps<readonly ClaimRow[]> {
    const from = wanted.findIndex(({ lane }) => lane === last) + 1
    const inTurn = [...wanted.slice(from), ...wanted.slice(0, from)]
    const scarce = inTurn.reduce((sum, { room }) => sum + room, 0) > most
    const rows: ClaimRow[] = []
    for (let open = inTurn; open.length > 0 && rows.length < most;) {
      const left = most - rows.length
      const part = scarce ? Math.max(1, Math.floor(left / open.length)) : Infinity
      const round = open.map((wish) => ({ ...wish, room: Math.min(wish.room, part) }))
      let found: readonly ClaimRow[]
      try {
        found = yield* wait(store.claim(round, left, suspect && rows.length === 0, token))
      } catch (error) {
        // If earlier passes of this loop have claimed tasks, these tasks must run, so the error is ignored. The next
        // claim looks for more tasks.
        if (rows.length === 0) throw error
        break
      }
      rows.push(...found)
      const counts = grouped(found, ({ lane }) => lane)
      open = open.flatMap(({ lane, room, now }, at) => {
        const { length } = counts.get(lane) ?? []
        if (length < round[at]!.room || length >= room) return []
        return { lane, room: room - length, now: Math.max(0, now - length) }
      })
    }
    last = rows.at(-1)?.lane
    return rows
  }

  function wishes(): readonly SlotWish[] {
    return runner()
      .hungry()
      .flatMap(({ slot }) => {
        const room = runner().room(slot)
        if (room <= 0) return []
        const held = side.draining() ? 0 : room
        const starts = Math.max(0, Math.min(room, startable(slot)))
        runner().reserve(slot, held)
        return { slot, room, starts, held }
      })
  }
}

interface SlotWish {
  readonly slot: Slot<Task>
  readonly room: number
  readonly starts: number
  /** The part of `room` that is reserved before the claim, so that deliveries accepted meanwhile do not use it. */
  readonly held: number
}

interface TakenRows {
  readonly token: number
  readonly leased: number
  readonly gate: (() => void) | undefined
  /** True if the store may have more ready tasks. */
  readonly full: boolean
  readonly undo: Undo
}

/** Passes claimed rows to the runner. Decodes each row separately, so that a damaged row does not affect others. */
function* hand(
  side: EngineSide,
  wanted: readonly SlotWish[],
  rows: readonly ClaimRow[],
  claim: TakenRows,
): Steps<() => void> {
  const { lanes, runner } = side
  const { token, leased, gate, full, undo } = claim
  const tasks: Task[] = []
  const odd: ClaimRow[] = []
  const messages: string[] = []
  for (const row of rows) {
    const at = lanes.of(row.lane)
    const free = row.gate === SUSPECT ? gate : undefined
    try {
      if (!at) throw new TypeError(`its subscription (number ${row.lane}) is unknown`)
      tasks.push(taskOf(row, { ...at, token, free, leased }))
    } catch (error) {
      free?.()
      odd.push(row)
      messages.push(`task ${row.id} cannot be read: ${errorText(error)}`)
    }
  }
  for (const { slot } of tasks) runner().reserve(slot, 1)
  undo(() => {
    gate?.()
    for (const { slot } of wanted) slot.backlog = true
    for (const { slot } of tasks) runner().reserve(slot, -1)
  })
  const found = grouped(tasks, ({ slot }) => slot)
  for (const { slot, room, starts } of wanted) {
    const its = found.get(slot) ?? []
    if (full || its.length >= room) slot.backlog = true
    if (starts > 0 && its.every(({ cut }) => cut === 0)) slot.lean = false
  }
  if (odd.length > 0) yield* bury(side, odd, messages, token)
  return () => runner().start(tasks)
}

function* bury(
  { store, settings, capacity, consumer }: EngineSide,
  rows: readonly ClaimRow[],
  messages: readonly string[],
  token: number,
): Steps<void> {
  const ends = rows.map((row, at) => unreadable(row.attempt, messages[at]!))
  const patches = rows.map((row, at) => patchOf({ ...row, token }, ends[at]!.change))
  const ids = yield* wait(
    store.atomic(settings.deadline, (within) =>
      steps(() => patchAll(within, patches, ends[0]!.fence, rows)),
    ),
  )
  for (const [at, { id }] of rows.entries()) {
    if (!ids.has(id)) continue
    capacity.free(1)
    consumer.warn(`task ${id} is dead: ${ends[at]!.error.message}`)
  }
}

/** Lets only one suspect run in this process at a time, over all receivers, subscriptions and inboxes. */
interface Suspects {
  /**
   * Takes the place for a suspect, and returns a function that frees this place. If another suspect has the place,
   * returns undefined, and calls `look` once the place is free. Call `take` before a claim. If the claim finds no
   * suspect, free the place.
   */
  take(look: () => void): (() => void) | undefined
}

interface Gate {
  busy: boolean
  readonly waiting: Set<() => void>
}

// Stored on globalThis, so that two copies of this package in one process share the place.
const KEY = Symbol.for('postern.suspects')

export const suspects: Suspects = {
  take(look) {
    const gate = ((globalThis as { [KEY]?: Gate })[KEY] ??= { busy: false, waiting: new Set() })
    if (gate.busy) {
      gate.waiting.add(look)
      return undefined
    }
    gate.busy = true
    let free = false
    return () => {
      if (free) return
      free = true
      gate.busy = false
      const waiting = [...gate.waiting]
      gate.waiting.clear()
      // Each function calls `take` again, in the order of arrival. The first gets the place, and the others wait again.
      for (const again of waiting) again()
    }
  },
}
