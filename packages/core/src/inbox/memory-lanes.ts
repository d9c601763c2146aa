import type { Consumer } from './inbox.ts'
import type { MemoryTask } from './memory-port.ts'
import { createQueue, type Queue } from './queue.ts'

/** Which task runs next: per subscription, at most `concurrency` at once, one of each order key. */
export interface Lanes {
  /** A new task, behind those of its lane and its order key. */
  add(task: MemoryTask): void
  /** A task whose waiting time is over. */
  ready(task: MemoryTask): void
  /** An attempt ended; `settled` releases its order key. */
  ended(task: MemoryTask, settled: boolean): void
  /** Takes a pending task out. */
  remove(task: MemoryTask): void
  /** Resolves when nothing is ready or running. Tasks that wait for a retry do not count. */
  idle(): Promise<void>
  /** Starts nothing any more. */
  stop(): void
}

// How many tasks one turn of the event loop starts, so that synchronous handlers leave room for requests.
const TURN = 64

interface LaneState {
  concurrency: number
  running: number
  readonly queue: Queue<MemoryTask>
  /** Tasks of one order key, the first of which may run. */
  readonly keys: Map<string, MemoryTask[]>
}

/** Makes the lanes of a receiver. `start` runs a task; handlers never run inside `add`, so they cannot delay a reply. */
export function createLanes(consumer: Consumer, start: (task: MemoryTask) => void): Lanes {
  const states = new Map<string, LaneState>()
  const removed = new Set<MemoryTask>()
  let known = new Map<string, { name: string; concurrency: number }>()
  let knownLanes = 0
  let scheduled = false
  let stopped = false
  let busy = 0
  let idlers: (() => void)[] = []

  return { add, ready, ended, remove, idle, stop }

  function add(task: MemoryTask): void {
    busy++
    const lane = laneOf(task)
    const key = task.draft.orderKey
    if (key !== undefined) {
      const line = lane.keys.get(key)
      if (line) return void line.push(task)
      lane.keys.set(key, [task])
    }
    lane.queue.push(task)
    schedule()
  }

  function ready(task: MemoryTask): void {
    if (stopped) return
    clearTimeout(task.timer)
    task.timer = undefined
    busy++
    laneOf(task).queue.push(task)
    schedule()
  }

  function ended(task: MemoryTask, settled: boolean): void {
    const lane = laneOf(task)
    lane.running--
    if (settled) release(lane, task)
    leave()
    if (lane.queue.size > 0) schedule()
  }

  function remove(task: MemoryTask): void {
    clearTimeout(task.timer)
    const lane = laneOf(task)
    if (task.timer === undefined) {
      removed.add(task)
      const line =
        task.draft.orderKey === undefined ? undefined : lane.keys.get(task.draft.orderKey)
      if (!line || line[0] === task) return
      // It waits behind another of its key: nothing else will ever take it out of its line.
      removed.delete(task)
      line.splice(line.indexOf(task), 1)
      leave()
    } else {
      task.timer = undefined
      release(lane, task)
    }
  }

  function release(lane: LaneState, task: MemoryTask): void {
    const key = task.draft.orderKey
    if (key === undefined) return
    const line = lane.keys.get(key)
    if (line?.[0] !== task) return
    line.shift()
    const next = line[0]
    if (!next) lane.keys.delete(key)
    else {
      lane.queue.push(next)
      schedule()
    }
  }

  function schedule(): void {
    if (scheduled || stopped) return
    scheduled = true
    setImmediate(turn)
  }

  function turn(): void {
    scheduled = false
    let left = TURN
    for (const lane of states.values()) {
      while (lane.running < lane.concurrency && lane.queue.size > 0 && !stopped) {
        if (left-- === 0) return schedule()
        const task = lane.queue.shift()!
        if (removed.delete(task)) {
          release(lane, task)
          leave()
          continue
        }
        lane.running++
        start(task)
      }
    }
  }

  function leave(): void {
    if (--busy > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  function laneOf(task: MemoryTask): LaneState {
    const stored = task.draft.subscription
    const lanes = consumer.lanes()
    if (lanes.length !== knownLanes) {
      known = new Map(
        lanes.flatMap((lane) => [lane.name, ...lane.formerly].map((name) => [name, lane] as const)),
      )
      knownLanes = lanes.length
    }
    const lane = known.get(stored)
    const name = lane?.name ?? stored
    let state = states.get(name)
    // Without a subscription of that name nothing can run it: it waits, visible as an orphan.
    if (!state)
      states.set(
        name,
        (state = {
          concurrency: lane?.concurrency ?? 0,
          running: 0,
          queue: createQueue(),
          keys: new Map(),
        }),
      )
    else if (lane) state.concurrency = lane.concurrency
    return state
  }

  function idle(): Promise<void> {
    return busy === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))
  }

  function stop(): void {
    stopped = true
  }
}
