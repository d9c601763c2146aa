import { afterReply, inNextRound } from './after-reply.ts'
import type { Consumer } from './inbox.ts'
import type { MemoryTask } from './memory-task.ts'
import { createQueue, type Queue } from './queue.ts'

/** Which task runs next: per subscription, at most `concurrency` at once, one of each order key. */
export interface Lanes {
  /** A new task, behind those of its lane and its order key. */
  add(task: MemoryTask): void
  /** A task that runs or waits for its time already, and keeps its place at the head of its order key. */
  hold(task: MemoryTask): void
  /** A task whose waiting time is over. */
  ready(task: MemoryTask): void
  /** An attempt ended; `settled` releases its order key. */
  ended(task: MemoryTask, settled: boolean): void
  /** Takes a pending task out. */
  remove(task: MemoryTask): void
  /** Starts to run tasks. */
  work(): void
  /** Takes a turn of its own for a request whose end may have cancelled the one that was due. */
  wake(): void
  readonly working: boolean
  /** Resolves when nothing is ready or running. Tasks that wait for a retry, or for a subscription, do not count. */
  idle(): Promise<void>
  /** Starts nothing any more. */
  stop(): void
}

// How many tasks one turn of the event loop starts, so that synchronous handlers leave room for requests.
const TURN = 64
// Milliseconds for which a task may hold the thread when it starts, for others to start right after the reply.
const QUICK = 0.1

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
  let known = new Map<string, { name: string; concurrency: number }>()
  let knownLanes = 0
  let scheduled = false
  let quick = true
  let working = false
  let idlers: (() => void)[] = []

  return {
    add,
    hold,
    ready,
    ended,
    remove,
    work,
    wake,
    get working() {
      return working
    },
    idle,
    stop,
  }

  function add(task: MemoryTask): void {
    const lane = laneOf(task)
    if (!queuesFirst(lane, task)) return
    lane.queue.push(task)
    // What runs at once is over before the next body is parsed, and so dies young: a third less CPU at 100 KB. Handlers
    // that hold the thread wait until those who delivered together have their replies.
    schedule(quick ? afterReply : inNextRound)
  }

  function hold(task: MemoryTask): void {
    const lane = laneOf(task)
    queuesFirst(lane, task)
    if (task.state === 'running') lane.running++
  }

  function ready(task: MemoryTask): void {
    clearTimeout(task.timer)
    task.timer = undefined
    laneOf(task).queue.push(task)
    schedule()
  }

  function ended(task: MemoryTask, settled: boolean): void {
    const lane = laneOf(task)
    lane.running--
    if (settled) release(lane, task)
    if (lane.queue.size > 0) schedule()
    tellIdle()
  }

  function remove(task: MemoryTask): void {
    const lane = laneOf(task)
    if (task.timer) clearTimeout(task.timer)
    else lane.queue.remove(task)
    task.timer = undefined
    release(lane, task)
    tellIdle()
  }

  /** False where another task of its order key comes first. */
  function queuesFirst(lane: LaneState, task: MemoryTask): boolean {
    const key = task.draft.orderKey
    if (key === undefined) return true
    const line = lane.keys.get(key)
    if (line) line.push(task)
    else lane.keys.set(key, [task])
    return line === undefined
  }

  function release(lane: LaneState, task: MemoryTask): void {
    const key = task.draft.orderKey
    const line = key === undefined ? undefined : lane.keys.get(key)
    const at = line?.indexOf(task) ?? -1
    if (!line || at < 0) return
    line.splice(at, 1)
    const next = line[0]
    if (!next) lane.keys.delete(key!)
    else if (at === 0) {
      lane.queue.push(next)
      schedule()
    }
  }

  function schedule(when = inNextRound): void {
    if (scheduled || !working) return
    scheduled = true
    when(turn)
  }

  function turn(): void {
    const began = performance.now()
    let started = 0
    // A share for each lane: one that is never empty must not keep the others waiting.
    const share = Math.max(1, Math.floor(TURN / states.size))
    for (const lane of states.values()) {
      for (let left = share; left > 0 && working && canRun(lane); left--) {
        lane.running++
        started++
        start(lane.queue.shift()!)
      }
    }
    quick = performance.now() - began <= QUICK * started
    scheduled = false
    // What is left has its turn after requests had theirs.
    for (const lane of states.values()) if (canRun(lane)) schedule()
  }

  function laneOf(task: MemoryTask): LaneState {
    refresh()
    const stored = task.draft.subscription
    return stateOf(known.get(stored)?.name ?? stored)
  }

  function stateOf(name: string): LaneState {
    let state = states.get(name)
    if (!state) {
      // Without a subscription of that name nothing can run it: it waits, visible as an orphan.
      const concurrency = known.get(name)?.concurrency ?? 0
      state = { concurrency, running: 0, queue: createQueue(), keys: new Map() }
      states.set(name, state)
    }
    return state
  }

  /** Subscriptions can come after tasks that were left over: those that waited for one go to it. */
  function refresh(): void {
    const lanes = consumer.lanes()
    if (lanes.length === knownLanes) return
    knownLanes = lanes.length
    known = new Map(
      lanes.flatMap((lane) => [lane.name, ...lane.formerly].map((name) => [name, lane] as const)),
    )
    for (const [name, state] of states) {
      const lane = known.get(name)
      if (!lane) continue
      if (lane.name === name) {
        state.concurrency = lane.concurrency
        continue
      }
      states.delete(name)
      adopt(stateOf(lane.name), state)
    }
    schedule()
  }

  function quiet(): boolean {
    for (const lane of states.values())
      if (lane.running > 0 || (working && canRun(lane))) return false
    return true
  }

  function idle(): Promise<void> {
    return quiet() ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))
  }

  function tellIdle(): void {
    if (idlers.length === 0 || !quiet()) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  function work(): void {
    working = true
    refresh()
    schedule()
  }

  // Workers cancel what a request scheduled when the request ends, so that a turn which is due may never come.
  function wake(): void {
    scheduled = false
    schedule()
  }

  function stop(): void {
    working = false
  }
}

function adopt(lane: LaneState, orphan: LaneState): void {
  lane.running += orphan.running
  for (let task = orphan.queue.shift(); task; task = orphan.queue.shift()) {
    const key = task.draft.orderKey
    if (key === undefined || !lane.keys.has(key)) lane.queue.push(task)
  }
  for (const [key, line] of orphan.keys)
    lane.keys.set(key, [...(lane.keys.get(key) ?? []), ...line])
}

function canRun(lane: LaneState): boolean {
  return lane.running < lane.concurrency && lane.queue.size > 0
}
