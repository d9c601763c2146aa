import { causeOf } from '../../tasks/cause.ts'
import { toCauses, topCauses } from '../../tasks/top-causes.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { TaskError } from '../../inbox.ts'
import type { Cause } from '../../tasks/found-cause.ts'
import type { LaneStats, TaskState } from '../../view.ts'
import { keptTasks, type MemoryStore } from '../state.ts'

interface Counted extends LaneStats {
  readonly counts: Record<TaskState, number>
  oldest: number | undefined
}

interface Failed {
  readonly cause: string
  readonly sample: TaskError
  readonly receiver: string
  readonly subscription: string
  dead: number
  retrying: number
  first: number
  last: number
}

/** Tasks by subscription and state. */
export function stats(store: MemoryStore): readonly LaneStats[] {
  const lanes = new Map<string, Counted>()
  for (const { state, task } of keptTasks(store)) {
    const { receiver } = state.consumer
    const { subscription } = task.draft
    const key = JSON.stringify([receiver, subscription])
    let lane = lanes.get(key)
    if (!lane) {
      const counts = { pending: 0, running: 0, done: 0, dead: 0 }
      lanes.set(key, (lane = { receiver, subscription, counts, oldest: undefined }))
    }
    lane.counts[task.state]++
    if (task.state !== 'pending') continue
    const due = task.due || task.owner.receivedAt
    if (due <= state.consumer.now()) lane.oldest = Math.min(lane.oldest ?? due, due)
  }
  return [...lanes.values()]
}

/** Dead and failing tasks by error, the most tasks first. */
export function causes(
  store: MemoryStore,
  filter: { readonly receiver?: string; readonly subscription?: string },
): readonly Cause[] {
  unknownOptions('causes', filter, ['receiver', 'subscription'])
  const found = new Map<string, Failed>()
  for (const { state, task } of keptTasks(store)) {
    const sample = task.error
    const { receiver } = state.consumer
    const { subscription } = task.draft
    if (!sample || task.state === 'running') continue
    if (filter.receiver !== undefined && filter.receiver !== receiver) continue
    if (filter.subscription !== undefined && filter.subscription !== subscription) continue
    const cause = causeOf(sample)
    const key = JSON.stringify([cause, receiver, subscription])
    const at = task.owner.receivedAt
    const row = found.get(key) ?? {
      cause,
      sample,
      receiver,
      subscription,
      dead: 0,
      retrying: 0,
      first: at,
      last: at,
    }
    found.set(key, row)
    row[task.state === 'dead' ? 'dead' : 'retrying']++
    row.first = Math.min(row.first, at)
    row.last = Math.max(row.last, at)
  }
  return toCauses(topCauses([...found.values()]))
}
