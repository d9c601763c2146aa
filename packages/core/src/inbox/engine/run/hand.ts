import { grouped } from '../../../basics/grouped.ts'
import { errorText } from '../../../errors.ts'
import type { SideParts } from '../parts.ts'
import { patchOf } from '../patch.ts'
import { SUSPECT, type ClaimRow } from '../row.ts'
import { unreadable } from '../rules.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { Undo } from '../write/undo.ts'
import { patchAll } from './order.ts'
import type { Slot } from './slot.ts'
import { taskOf, type Task } from './task.ts'

/** What a claim asked for a slot. */
export interface SlotWish {
  readonly slot: Slot<Task>
  readonly room: number
  readonly starts: number
  /** Reserved before the round trip, so that an accept does not take it meanwhile. */
  readonly held: number
}

/** What a claim took. */
interface TakenRows {
  readonly token: number
  readonly leased: number
  readonly gate: (() => void) | undefined
  /** There may be more. */
  readonly full: boolean
  readonly undo: Undo
}

/** Hands claimed rows to the runner. Decodes one by one: a row that cannot be read spoils itself alone. */
export function* hand(
  parts: SideParts,
  wanted: readonly SlotWish[],
  rows: readonly ClaimRow[],
  claim: TakenRows,
): Steps<() => void> {
  const { lanes, runner } = parts
  const { token, leased, gate, full, undo } = claim
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
  if (odd.length > 0) yield* bury(parts, odd, messages, token)
  return () => runner().start(tasks)
}

function* bury(
  { store, settings, capacity, consumer }: SideParts,
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
