import { afterReply, inNextRound } from './after-reply.ts'
import { claimed as memory } from '../../../basics/room.ts'
import type { Consumer } from '../../inbox.ts'
import { canRun, createLaneTable, type LaneQueue, putBehind, releaseKey } from './lane.ts'
import type { MemoryTask } from './task.ts'

/** Which task runs next: per subscription, at most `concurrency` at once, one of each order key. */
export interface LaneQueues {
  /** A new task, behind those of its lane and its order key. True if enough are there that it will not run soon. */
  add(task: MemoryTask): boolean
  /** A task that runs or waits for its time already, and keeps its place at the head of its order key. */
  hold(task: MemoryTask): void
  /** A task whose waiting time is over. */
  ready(task: MemoryTask): void
  /** An attempt ended; `settled` releases its order key. */
  ended(task: MemoryTask, settled: boolean): void
  /** Takes a pending task out. */
  remove(task: MemoryTask): void
  /** Claims the next task, for a caller that runs it: lanes take turns. Undefined if none may run. */
  next(): MemoryTask | undefined
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

/** More tasks than this in one line are a backlog. */
export const BACKLOG = 500
// How many tasks one turn of the event loop starts, so that synchronous handlers leave room for requests.
const TURN = 64
// Milliseconds for which a task may hold the thread when it starts, for others to start right after the reply.
const QUICK = 0.1
// The weight of a task behind a heavier one: backlogs are mixed.
const LIGHTER = 0.98
// A collection or a neighbour makes one turn slow now and then. Only handlers make this many slow in a row.
const SLOW_TURNS = 2

/** Makes the lanes of a receiver. `start` runs a task; handlers never run inside `add`, so they cannot delay a reply. */
export function createLaneQueues(
  consumer: Consumer,
  start: (task: MemoryTask) => void,
): LaneQueues {
  const lanes = createLaneTable(consumer, (lane) => offer(lane))
  let due: LaneQueue[] = []
  let scheduled = false
  let slowTurns = 0
  let working = false
  let idlers: (() => void)[] = []
  // The lane whose turn it was last in `next`.
  let turned: LaneQueue | undefined

  return {
    add,
    hold,
    ready,
    ended,
    remove,
    next,
    work,
    wake,
    get working() {
      return working
    },
    idle,
    stop,
  }

  function add(task: MemoryTask): boolean {
    const lane = lanes.of(task)
    const length = putBehind(lane, task)
    lane.weight = Math.max(task.owner.weight, lane.weight * LIGHTER)
    if (length > 1) return length > BACKLOG
    lane.queue.push(task)
    // A task that runs at once ends before the next body is parsed, so its objects die young: a third less CPU at
    // 100 KB. Handlers that block the thread wait until all requests of this turn have their replies.
    offer(lane, slowTurns < SLOW_TURNS ? afterReply : inNextRound)
    if (lane.queue.size > BACKLOG) return true
    return (
      task.owner.heavy &&
      (lane.running + lane.queue.size > lane.concurrency || !memory.fits(lane.weight))
    )
  }

  function hold(task: MemoryTask): void {
    const lane = lanes.of(task)
    putBehind(lane, task)
    if (task.state === 'running') lane.running++
  }

  function ready(task: MemoryTask): void {
    clearTimeout(task.timer)
    task.timer = undefined
    const lane = lanes.of(task)
    lane.queue.push(task)
    offer(lane)
  }

  function ended(task: MemoryTask, settled: boolean): void {
    const lane = lanes.of(task)
    lane.running--
    if (settled) releaseKey(lane, task)
    offer(lane)
    tellIdle()
  }

  function remove(task: MemoryTask): void {
    const lane = lanes.of(task)
    if (task.timer) clearTimeout(task.timer)
    else lane.queue.remove(task)
    task.timer = undefined
    if (releaseKey(lane, task)) offer(lane)
    tellIdle()
  }

  function next(): MemoryTask | undefined {
    lanes.refresh()
    const all = [...new Set(lanes.all())]
    const from = turned ? all.indexOf(turned) + 1 : 0
    for (let at = 0; at < all.length; at++) {
      const lane = all[(from + at) % all.length]!
      if (!mayRun(lane)) continue
      turned = lane
      lane.running++
      return lane.queue.shift()
    }
    return undefined
  }

  /** Gives the lane a turn if it can use one. */
  function offer(lane: LaneQueue, when = inNextRound): void {
    if (lane.due || !mayRun(lane)) return
    lane.due = true
    due.push(lane)
    schedule(when)
  }

  function schedule(when = inNextRound): void {
    if (scheduled || !working || due.length === 0) return
    scheduled = true
    when(turn)
  }

  function turn(): void {
    const began = performance.now()
    let started = 0
    const now = due
    due = []
    // A share for each lane: one that is never empty must not keep the others waiting.
    const share = Math.max(1, Math.floor(TURN / now.length))
    for (const lane of now) {
      for (let left = share; left > 0 && working && mayRun(lane); left--) {
        lane.running++
        started++
        start(lane.queue.shift()!)
      }
      lane.due = false
      // The rest runs after pending requests.
      offer(lane)
    }
    slowTurns = performance.now() - began <= QUICK * started ? 0 : slowTurns + 1
    scheduled = false
    schedule()
  }

  /** True if a task may run and memory has room for it. A lane that runs none has: none waits for the handlers of another. */
  function mayRun(lane: LaneQueue): boolean {
    if (!canRun(lane)) return false
    if (lane.running === 0 || memory.fits(lane.weight)) return true
    memory.freed(offerAll)
    return false
  }

  function offerAll(): void {
    for (const lane of lanes.all()) offer(lane)
  }

  function quiet(): boolean {
    for (const lane of lanes.all()) if (lane.running > 0 || (working && canRun(lane))) return false
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
    lanes.refresh()
    schedule()
  }

  // Workers cancel the timers of a request when it ends, so that a scheduled turn may never come.
  function wake(): void {
    scheduled = false
    schedule()
  }

  function stop(): void {
    working = false
    tellIdle()
  }
}
