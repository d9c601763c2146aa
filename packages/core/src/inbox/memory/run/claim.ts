import { claimedRoom } from '../../../basics/room.ts'
import type { Consumer } from '../../inbox.ts'
import { canRun, createLaneTable, type LaneQueue, putBehind, releaseKey } from './lane.ts'
import { createRounds } from './rounds.ts'
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
  /** True once {@link work} was called, until {@link stop}. */
  works(): boolean
  /** Resolves when nothing is ready or running. Tasks that wait for a retry, or for a subscription, do not count. */
  idle(): Promise<void>
  /** Starts nothing any more. */
  stop(): void
}

/** More tasks than this in one line are a backlog. */
export const BACKLOG = 500
// The weight of a task behind a heavier one: backlogs are mixed.
const LIGHTER = 0.98

/** Makes the lanes of a receiver. `start` runs a task; handlers never run inside `add`, so they cannot delay a reply. */
export function createLaneQueues(
  consumer: Consumer,
  start: (task: MemoryTask) => void,
): LaneQueues {
  const lanes = createLaneTable(consumer, (lane) => rounds.offer(lane))
  const rounds = createRounds(() => lanes.all(), start)
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
    wake: () => rounds.wake(),
    works: () => rounds.works(),
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
    rounds.offer(lane, true)
    if (lane.queue.size > BACKLOG) return true
    if (!task.owner.heavy) return false
    // Those that came before it in this turn take room too once they run.
    const waits =
      lane.running + lane.queue.size > lane.concurrency ||
      claimedRoom.count(lane.weight) < lane.queue.size
    return waits && !task.owner.waits()
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
    rounds.offer(lane)
  }

  function ended(task: MemoryTask, settled: boolean): void {
    const lane = lanes.of(task)
    lane.running--
    if (settled) releaseKey(lane, task)
    rounds.offer(lane)
    tellIdle()
  }

  function remove(task: MemoryTask): void {
    const lane = lanes.of(task)
    if (task.timer) clearTimeout(task.timer)
    else lane.queue.remove(task)
    task.timer = undefined
    if (releaseKey(lane, task)) rounds.offer(lane)
    tellIdle()
  }

  function next(): MemoryTask | undefined {
    lanes.refresh()
    const all = [...new Set(lanes.all())]
    const from = turned ? all.indexOf(turned) + 1 : 0
    for (let at = 0; at < all.length; at++) {
      const lane = all[(from + at) % all.length]!
      if (!rounds.mayRun(lane)) continue
      turned = lane
      lane.running++
      return lane.queue.shift()
    }
    return undefined
  }

  function quiet(): boolean {
    for (const lane of lanes.all())
      if (lane.running > 0 || (rounds.works() && canRun(lane))) return false
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
    lanes.refresh()
    rounds.work()
  }

  function stop(): void {
    rounds.stop()
    tellIdle()
  }
}
