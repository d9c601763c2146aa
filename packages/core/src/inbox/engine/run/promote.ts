import { grouped } from '../../../basics/grouped.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { NewTask, TaskRow, Turn } from '../row.ts'
import type { Rows, Store } from '../store.ts'

// Tasks that get a turn in one transaction.
const MOST = 500

/** Makes tasks that waited, and are due, ready: at the next turn of their tenant. True if there may be more. */
export function* promote(store: Store, lanes: readonly number[], time: number): Steps<boolean> {
  if (lanes.length === 0) return false
  const some = yield* wait(store.later(lanes, 1))
  if (some.length === 0) return false
  return yield* wait(
    store.atomic(time, (rows) =>
      steps(function* (): Steps<boolean> {
        const found = yield* wait(rows.later(lanes, MOST))
        const turns = new Map<number, number>()
        yield* assign(
          rows,
          found.filter(({ cut }) => cut === 0),
          (task, turn) => void turns.set(task.id, turn),
        )
        // One that was interrupted keeps its own: its tenant has used it for nothing.
        yield* wait(rows.enter(found.map(({ id }) => ({ id, turn: turns.get(id) ?? 0 }))))
        return found.length === MOST
      }),
    ),
  )
}

/** Takes turns for tasks that have a tenant, in their order, and hands each its own. Returns how much the tenants have. */
export function* assign<Task extends Pick<TaskRow | NewTask, 'lane' | 'fair'>>(
  rows: Rows,
  tasks: readonly Task[],
  give: (task: Task, turn: number) => void,
): Steps<readonly Turn[]> {
  const fair = tasks.filter((task) => task.fair !== null)
  if (fair.length === 0) return []
  const groups = grouped(fair, ({ lane, fair: key }) => `${lane}\n${key}`)
  const turns = yield* wait(
    rows.turns(
      [...groups.values()].map((group) => ({
        lane: group[0]!.lane,
        fair: group[0]!.fair!,
        step: group.length,
      })),
    ),
  )
  for (const { lane, fair: key, turn } of turns) {
    const group = groups.get(`${lane}\n${key}`)!
    group.forEach((task, at) => give(task, Math.max(1, turn - group.length + 1 + at)))
  }
  return turns
}
