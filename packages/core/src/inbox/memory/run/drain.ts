import { timeTo } from '../../../basics/deadline.ts'
import type { Drained, Outcome } from '../../inbox.ts'
import { hurry } from '../accept/revive.ts'
import { giveBack, start } from './run.ts'
import { openTasks, type MemoryState } from '../state.ts'
import type { MemoryTask } from './task.ts'
import { nextRound } from '../../../basics/soon.ts'

// Attempts that start before requests have their turn.
const TURN = 64
const LAST = 1000

/** As `Port.drain`. */
export async function drainMemory(
  state: MemoryState,
  until: number,
  max: number,
  last: number = LAST,
): Promise<Drained> {
  const { lanes, closing } = state
  const counts = { ran: 0, done: 0, retried: 0, dead: 0, postponed: 0 }
  const over = new AbortController()
  const signal = AbortSignal.any([closing.signal, over.signal])
  const running = new Set<MemoryTask>()
  let wake = (): void => {}
  const timers = [
    // Handlers get half of the last time to end.
    setTimeout(() => over.abort(new Error('the deadline of drain')), timeTo(until - last / 2)),
    setTimeout(giveUp, timeTo(until - last / 4)),
  ]
  try {
    for (let some = startSome(); some > 0 || running.size > 0; some = startSome()) {
      // Handlers that ended at once may have made others ready.
      await (some > 0 ? nextRound() : new Promise<void>((resolve) => (wake = resolve)))
    }
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
  return { ...counts, ...rest(state) }

  function startSome(): number {
    let some = 0
    while (some < TURN && counts.ran < max && !signal.aborted && performance.now() < until - last) {
      const task = lanes.next() ?? (overdue(state) ? lanes.next() : undefined)
      if (!task) break
      some++
      counts.ran++
      running.add(task)
      start(state, task, signal, (outcome) => told(task, outcome))
    }
    return some
  }

  function told(task: MemoryTask, outcome: Outcome): void {
    if (running.delete(task)) counts[COUNT[outcome.kind]]++
    wake()
  }

  function giveUp(): void {
    for (const task of running) giveBack(state, task)
    counts.postponed += running.size
    running.clear()
    wake()
  }
}

const COUNT = { done: 'done', retry: 'retried', dead: 'dead', postpone: 'postponed' } as const

/** Makes tasks ready whose time has come and whose timer has not fired yet. True if any. */
function overdue(state: MemoryState): boolean {
  const now = state.consumer.now()
  let any = false
  for (const task of openTasks(state))
    if (task.timer && task.due <= now) any = hurry(state, task) || any
  return any
}

/** What is due and did not run, and when the next task is due. */
function rest(state: MemoryState): Pick<Drained, 'left' | 'next'> {
  const now = state.consumer.now()
  const names = new Set(state.consumer.lanes().flatMap(({ name, formerly }) => [name, ...formerly]))
  let left = 0
  let next: number | undefined
  for (const { state: is, draft, due } of openTasks(state)) {
    if (is !== 'pending' || !names.has(draft.subscription)) continue
    if (due <= now) left++
    else next = Math.min(next ?? due, due)
  }
  return { left, next }
}
