import { grouped } from '../../../basics/grouped.ts'
import { patchAll } from './order.ts'
import { errorText } from '../../../errors.ts'
import type { Consumer, TaskError } from '../../inbox.ts'
import type { Runner } from './runner-types.ts'
import { startable, type Slot } from './slot.ts'
import { suspects } from '../../tasks/suspects.ts'
import type { Line } from '../line.ts'
import { SUSPECT, type ClaimRow } from '../row.ts'
import { patchOf } from '../patch.ts'
import { unreadable } from '../rules.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { Store } from '../store.ts'
import type { Lanes } from './lanes.ts'
import { promote } from './promote.ts'
import { taskOf, type Task } from './task.ts'

/** Claims ready tasks. */
export interface Claims {
  /** As the runner's `fetch`. */
  fetch(over: (failed?: boolean) => void): void
  /** There may be suspects: the next claims ask for one. */
  suspected(): void
  /** Tasks that wait for a turn may be due. */
  soon(): void
  dueAt(at: number): void
}

/** The receiver's side as claiming sees it. */
export interface ClaimHost {
  readonly store: Store
  readonly line: Line
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly deadline: number
  readonly token: () => number
  readonly runner: () => Runner<Task>
  /** True while a drain runs: the rooms of slots then share what it may run. */
  readonly draining: () => boolean
  /** True while this process is shut out of the store. */
  readonly refused: () => boolean
  /** Tasks that cannot be read are dead now. */
  readonly buried: (id: number, error: TaskError) => void
}

// Tasks of one claim, and times at which tasks with a turn are due that are remembered.
const MOST = 1000
const TIMES = 500

interface Wanted {
  readonly slot: Slot<Task>
  readonly room: number
  readonly starts: number
  /** Reserved before the round trip, so that an accept does not take it meanwhile. */
  readonly held: number
}

/** Makes the claims of a receiver. */
export function createClaims(host: ClaimHost): Claims {
  const { store, line, consumer, lanes, runner } = host
  let alone = false
  let asked = true
  let times: number[] = []

  return {
    fetch(over) {
      if (host.refused()) return over(true)
      void ready().then(
        () =>
          line.last(
            () => steps(claim),
            (error) => failed(error, over),
          ),
        (error: unknown) => failed(error, over),
      )

      function* claim(): Steps<() => void> {
        yield* wait(lanes.ensureAll())
        yield* turnsOf()
        const started = yield* take()
        return () => {
          started()
          over()
        }
      }
    },
    suspected: () => void (alone = true),
    soon: () => void (asked = true),
    dueAt: (at) => void (times.length < TIMES && times.push(at)),
  }

  async function ready(): Promise<void> {
    if (!store.opened) await store.open()
  }

  function failed(error: unknown, over: (failed?: boolean) => void): void {
    consumer.warn(`tasks could not be claimed: ${errorText(error)}`)
    over(true)
  }

  /** Those that failed and whose tenant has turns get theirs once they are due. */
  function* turnsOf(): Steps<void> {
    const now = consumer.now()
    if (!asked && !times.some((at) => at <= now)) return
    asked = false
    times = times.filter((at) => at > now)
    if (yield* promote(store, lanes.all(), host.deadline)) asked = true
  }

  function* take(): Steps<() => void> {
    // It may have been shut out on the way here.
    if (!runner().active || host.refused()) return () => {}
    const wanted = wish()
    if (wanted.length === 0) return () => {}
    // All slots share the room that a drain has left: they must not take it twice.
    const most = host.draining() ? Math.max(...wanted.map(({ room }) => room)) : MOST
    const gate = alone ? suspects.take(() => runner().look()) : undefined
    const token = host.token()
    const leased = performance.now()
    // Before the claim: tasks that become ready while it runs set it again.
    for (const { slot } of wanted) slot.backlog = false
    const wishes = wanted.flatMap(({ slot, room, starts }) =>
      slot.names.flatMap((name) => {
        const lane = lanes.find(name)
        return lane === undefined ? [] : { lane, room, now: starts }
      }),
    )
    let rows: readonly ClaimRow[] = []
    try {
      rows = yield* wait(store.claim(wishes, most, gate !== undefined, token))
    } catch (error) {
      for (const { slot } of wanted) slot.backlog = true
      throw error
    } finally {
      for (const { slot, held } of wanted) runner().reserve(slot, -held)
      if (gate && !rows.some((row) => row.gate === SUSPECT)) {
        alone = false
        gate()
      }
    }
    return yield* hand(wanted, rows, { token, leased, gate, full: rows.length >= most })
  }

  function wish(): readonly Wanted[] {
    return runner()
      .hungry()
      .flatMap(({ slot }) => {
        const room = runner().room(slot)
        if (room <= 0) return []
        const held = host.draining() ? 0 : room
        const starts = Math.max(0, Math.min(room, startable(slot)))
        runner().reserve(slot, held)
        return { slot, room, starts, held }
      })
  }

  /** Decodes one by one: a row that cannot be read spoils itself alone. */
  function* hand(
    wanted: readonly Wanted[],
    rows: readonly ClaimRow[],
    claim: {
      readonly token: number
      readonly leased: number
      readonly gate: (() => void) | undefined
      readonly full: boolean
    },
  ): Steps<() => void> {
    const { token, leased, gate, full } = claim
    const tasks: Task[] = []
    const odd: ClaimRow[] = []
    const messages: string[] = []
    for (const row of rows) {
      const at = lanes.of(row.lane)
      const free = row.gate === SUSPECT ? gate : undefined
      try {
        if (!at) throw new TypeError(`its lane ${row.lane} is unknown`)
        tasks.push(taskOf(row, { ...at, token, free, leased }))
      } catch (error) {
        free?.()
        odd.push(row)
        messages.push(`task ${row.id} cannot be read: ${errorText(error)}`)
      }
    }
    for (const { slot } of tasks) runner().reserve(slot, 1)
    const found = grouped(tasks, ({ slot }) => slot)
    for (const { slot, room, starts } of wanted) {
      const its = found.get(slot) ?? []
      if (full || its.length >= room) slot.backlog = true
      if (starts > 0 && its.every(({ cut }) => cut === 0)) slot.lean = false
    }
    if (odd.length > 0) yield* bury(odd, messages, token)
    return () => runner().start(tasks)
  }

  function* bury(
    rows: readonly ClaimRow[],
    messages: readonly string[],
    token: number,
  ): Steps<void> {
    const ends = rows.map((row, at) => unreadable(row.attempt, messages[at]!))
    const patches = rows.map((row, at) => patchOf({ ...row, token }, ends[at]!.change))
    const ids = yield* wait(
      store.atomic(host.deadline, (within) =>
        steps(() => patchAll(within, patches, ends[0]!.fence, rows)),
      ),
    )
    for (const [at, { id }] of rows.entries()) if (ids.has(id)) host.buried(id, ends[at]!.error)
  }
}
