import type { Consumer } from '../../inbox.ts'
import type { MemoryTask } from './task.ts'
import type { Queue } from './queue.ts'
import { createTurnQueue } from './turns.ts'

/** The tasks of one subscription: those that may run, and those of an order key that wait for another one. */
export interface LaneQueue {
  concurrency: number
  running: number
  /** Bytes of memory that the payload of its last task takes, if that is the heaviest of late. */
  weight: number
  /** True while it is among those that have the next turn. */
  due: boolean
  readonly queue: Queue<MemoryTask>
  /** Tasks of one order key, the first of which may run. */
  readonly keys: Map<string, MemoryTask[]>
}

/** The lanes of a receiver. */
interface LaneTable {
  of(task: MemoryTask): LaneQueue
  /** Takes notice of new subscriptions. */
  refresh(): void
  all(): Iterable<LaneQueue>
}

/** Makes a {@link LaneTable}. `found` is called with a lane whose subscription came after its tasks. */
export function createLaneTable(consumer: Consumer, found: (lane: LaneQueue) => void): LaneTable {
  // By all names that tasks were stored under.
  const lanes = new Map<string, LaneQueue>()
  let known = new Map<string, { readonly name: string; readonly concurrency: number }>()
  let knownLanes = 0
  return {
    of({ draft }) {
      refresh()
      return lanes.get(draft.subscription) ?? open(draft.subscription)
    },
    refresh,
    all: () => lanes.values(),
  }

  function open(stored: string): LaneQueue {
    const { name, concurrency } = known.get(stored) ?? { name: stored, concurrency: 0 }
    // Without a subscription of that name nothing can run it: it waits, visible as an orphan.
    const lane = lanes.get(name) ?? {
      concurrency,
      running: 0,
      weight: 0,
      due: false,
      queue: createTurnQueue(),
      keys: new Map(),
    }
    lanes.set(name, lane)
    lanes.set(stored, lane)
    return lane
  }

  // Subscriptions can come after tasks that were left over: those that waited for one go to it.
  function refresh(): void {
    const all = consumer.lanes()
    if (all.length === knownLanes) return
    knownLanes = all.length
    known = new Map(
      all.flatMap((lane) => [lane.name, ...lane.formerly].map((name) => [name, lane] as const)),
    )
    for (const { name, formerly, concurrency } of all) {
      const own = lanes.get(name)
      if (own) own.concurrency = concurrency
      for (const former of formerly) {
        const orphan = lanes.get(former)
        if (!orphan || orphan === lanes.get(name)) continue
        lanes.delete(former)
        adopt(open(former), orphan)
      }
      const lane = lanes.get(name)
      if (lane) found(lane)
    }
  }
}

/** True if a task is ready and another may run. */
export function canRun(lane: LaneQueue): boolean {
  return lane.running < lane.concurrency && lane.queue.size > 0
}

/** Puts a task behind those of its order key. How many there are with it: 1 if it comes first, or has no key. */
export function putBehind(lane: LaneQueue, task: MemoryTask): number {
  const key = task.draft.orderKey
  if (key === undefined) return 1
  const line = lane.keys.get(key)
  if (line) return line.push(task)
  lane.keys.set(key, [task])
  return 1
}

/** Takes a task from its order key. True if another one came first by that, and was queued. */
export function releaseKey(lane: LaneQueue, task: MemoryTask): boolean {
  const key = task.draft.orderKey
  const line = key === undefined ? undefined : lane.keys.get(key)
  const at = line?.indexOf(task) ?? -1
  if (!line || at < 0) return false
  line.splice(at, 1)
  const next = line[0]
  if (!next) lane.keys.delete(key!)
  else if (at === 0) lane.queue.push(next)
  return next !== undefined && at === 0
}

/** Gives a lane the tasks that waited for its subscription under another name. */
function adopt(lane: LaneQueue, orphan: LaneQueue): void {
  lane.running += orphan.running
  for (let task = orphan.queue.shift(); task; task = orphan.queue.shift()) {
    const key = task.draft.orderKey
    if (key === undefined || !lane.keys.has(key)) lane.queue.push(task)
  }
  for (const [key, line] of orphan.keys)
    lane.keys.set(key, [...(lane.keys.get(key) ?? []), ...line])
}
