import { release } from '../run/order.ts'
import type { Taken } from '../../inbox.ts'
import { assign } from '../run/promote.ts'
import type { NewEvent } from '../row.ts'
import { wait, type Steps } from '../steps.ts'
import type { Rows } from '../store.ts'
import type { Capacity } from './capacity.ts'
import type { Flat } from './flat.ts'
import { judge, type Judged } from './guards.ts'
import { reviveIn } from './revive.ts'

/** Stores a batch inside a transaction: guards, turns, lines, and what came again. */
export function* write(
  rows: Rows,
  flat: Flat,
  capacity: Capacity,
): Steps<readonly (readonly Taken[])[]> {
  const judged = yield* judge(rows, flat.intakes)
  const kept = new Set<NewEvent>()
  for (const intake of flat.intakes)
    if (!judged.refused.has(intake))
      for (const item of intake.items)
        if (!judged.duplicates.has(item) && !item.again) kept.add(item.event)
  const events = flat.events.filter((event) => kept.has(event))
  const tasks = flat.tasks.filter(({ event }) => kept.has(event!))
  const told = yield* assign(rows, tasks, (task, turn) => void (task.turn = turn))
  for (const turn of told) capacity.told(turn)
  flat.fresh = yield* wait(rows.insert({ events, tasks, notify: flat.notify }))
  const lines = tasks.flatMap(({ line }) => line ?? [])
  if (lines.length > 0) yield* release(rows, lines)
  const known = events.filter((event) => !flat.fresh.has(event))
  const revived = known.length === 0 ? NONE : yield* reviveIn(rows, known)
  return takenOf(flat, revived, judged)
}

/** What became of each delivery, in their order. The first of a batch with a key is new, the others are duplicates. */
export function takenOf(
  flat: Flat,
  revived: ReadonlySet<NewEvent>,
  judged?: Judged,
): readonly (readonly Taken[])[] {
  flat.revived = revived.size > 0
  return flat.intakes.map((intake) =>
    intake.items.map((item): Taken => {
      if (judged?.refused.has(intake)) return 'refused'
      if (judged?.duplicates.has(item) || item.again) return 'duplicate'
      if (flat.fresh.has(item.event)) return 'new'
      return revived.has(item.event) ? 'revived' : 'duplicate'
    }),
  )
}

const NONE: ReadonlySet<NewEvent> = new Set()
