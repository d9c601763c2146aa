import { unref } from '../../basics/deadline.ts'
import type { Subscription } from '../subscription.ts'

/**
 * Watches the event loop with a thread, which reports runs that block the loop for longer than the timeout of their
 * subscription.
 */
interface LoopWatch {
  /** Records that a run starts its synchronous part. Returns its slot, an index in the shared memory. */
  enter(receiver: string, subscription: Subscription, task: string): number
  /**
   * Records that the synchronous part has ended. One run can start another run in its synchronous part: then `before`
   * is the slot of the outer run, which continues.
   */
  leave(before: number): void
  free(slot: number): void
  /** Slot of the run that is in its synchronous part, or -1. */
  current: number
}

interface Threads {
  readonly Worker: new (
    source: string,
    options: object,
  ) => { on(event: 'error', listener: () => void): void; unref(): void }
}

const KEY = Symbol.for('@postern/core.loop-watch.1')

/** Returns the watch of this process. The watch is made at the first task, and shared by all copies of this module. */
export function loopWatch(): LoopWatch {
  return ((globalThis as { [KEY]?: LoopWatch })[KEY] ??= startThread() ?? NONE)
}

// The watch that does nothing, for Workers, edge runtimes, and processes that may not start threads.
const NONE: LoopWatch = { current: -1, enter: () => -1, leave() {}, free() {} }

function startThread(): LoopWatch | undefined {
  const { process } = globalThis as {
    readonly process?: { getBuiltinModule?(name: 'node:worker_threads'): Threads | undefined }
  }
  try {
    const threads = process?.getBuiltinModule?.('node:worker_threads')
    if (!threads) return undefined
    const memory = new SharedArrayBuffer(BYTES)
    const thread = new threads.Worker(THREAD, {
      eval: true,
      name: 'postern-loop-watch',
      workerData: memory,
      // `env` and `execArgv` are empty, so that this thread does not run modules that the app preloads.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
    })
    // A failure of the watch must not end the app.
    thread.on('error', () => {})
    thread.unref()
    return createLoopWatch(memory)
  } catch {
    return undefined
  }
}

function createLoopWatch(memory: SharedArrayBuffer): LoopWatch {
  const cells = new Int32Array(memory, 0, NAMES / 4)
  const names = new Uint16Array(memory, NAMES)
  // Usually the same subscription reuses a slot. Then its name is already there, and only the id of the task is
  // written.
  const named: (Subscription | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  const ends: number[] = Array.from({ length: SLOTS }, () => 0)
  const slots = Array.from({ length: SLOTS - 1 }, (_, at) => SLOTS - 1 - at)
  let beating = false
  let parts = 0
  let quiet = 0
  cells[CURRENT] = -1

  const watch: LoopWatch = {
    current: -1,
    enter(receiver, subscription, task) {
      if (!beating) begin()
      const slot = slots.pop() ?? 0
      const start = slot * WIDTH
      if (named[slot] !== subscription) label(slot, receiver, subscription)
      let end = ends[slot]!
      const length = Math.min(task.length, start + WIDTH - end)
      for (let at = 0; at < length; at++) names[end++] = task.charCodeAt(at)
      names[start] = end - start - 1
      cells[PARTS] = ++parts
      cells[CURRENT] = watch.current = slot
      return slot
    },
    leave: (before) => void (cells[CURRENT] = watch.current = before),
    free(slot) {
      names[slot * WIDTH] = 0
      if (slot > 0) slots.push(slot)
    },
  }
  return watch

  function label(slot: number, receiver: string, subscription: Subscription): void {
    const text = `${receiver}, subscription ${subscription.name}`.slice(0, WIDTH / 2) + ', task '
    let end = slot * WIDTH + 1
    for (let at = 0; at < text.length; at++) names[end++] = text.charCodeAt(at)
    cells[LIMITS + slot] = subscription.timeout
    named[slot] = subscription
    ends[slot] = end
  }

  /**
   * Starts an interval that increments the beat, a counter. If the beat stands still, the thread knows that the event
   * loop is blocked. The interval stops once nothing runs and nothing has started since the last beat.
   */
  function begin(): void {
    beating = true
    const timer = unref(
      setInterval(() => {
        cells[BEAT]!++
        if (slots.length < SLOTS - 1 || quiet !== parts) return void (quiet = parts)
        clearInterval(timer)
        beating = false
        Atomics.store(cells, ACTIVE, 0)
      }, INTERVAL),
    )
    Atomics.store(cells, ACTIVE, 1)
    Atomics.notify(cells, ACTIVE)
  }
}

/**
 * Index of the beat in `cells`, the 32-bit numbers at the start of the shared memory. From `LIMITS` on, `cells` has the
 * time limits of the slots, in milliseconds.
 */
const BEAT = 0
/**
 * Index of the number of synchronous parts so far. If this number changes, the thread does not report a block: many
 * short parts ran, not one long part.
 */
const PARTS = 1
/** Index of the value of {@link LoopWatch.current}. */
const CURRENT = 2
/** Index of a flag: 1 while runs are watched. At 0, the thread sleeps. */
const ACTIVE = 3
const LIMITS = 4

/** Number of slots, and so of runs that the thread can report by name. Runs without a free slot share slot 0. */
const SLOTS = 64
/** Length of a slot, in 16-bit units. A slot contains the length of the name, and then the name of the run. */
const WIDTH = 256
const NAMES: number = 4 * (LIMITS + SLOTS)
const BYTES: number = NAMES + 2 * WIDTH * SLOTS

/** Time between two beats of the event loop, and between two checks of the thread, in milliseconds. */
const INTERVAL = 100

/**
 * The code of the thread. It is a string, since bundlers would omit a separate file. The thread prints with writeSync,
 * because `console` in a thread waits for the blocked event loop.
 */
const THREAD: string = `
const { workerData } = process.getBuiltinModule('node:worker_threads')
const { writeSync } = process.getBuiltinModule('node:fs')
const cells = new Int32Array(workerData, 0, ${LIMITS + SLOTS})
const names = new Uint16Array(workerData, ${NAMES})
let seen = '', held = 0, told = false, last = 0
for (;;) {
  if (Atomics.load(cells, ${ACTIVE}) === 0) Atomics.wait(cells, ${ACTIVE}, 0)
  Atomics.wait(cells, ${ACTIVE}, 1, ${INTERVAL})
  const now = performance.now()
  const passed = Math.min(now - last, ${2 * INTERVAL})
  last = now
  const current = Atomics.load(cells, ${CURRENT})
  const state = [Atomics.load(cells, ${BEAT}), Atomics.load(cells, ${PARTS}), current].join()
  if (state !== seen || Atomics.load(cells, ${ACTIVE}) === 0) {
    seen = state
    held = 0
    told = false
    continue
  }
  held += passed
  if (told) continue
  const slots = current >= 0 ? [current] : Array.from({ length: ${SLOTS} }, (_, slot) => slot)
  const late = slots.filter((slot) => names[slot * ${WIDTH}] > 0 && held >= cells[${LIMITS} + slot] + ${INTERVAL})
  if (late.length === 0) continue
  told = true
  const limit = Math.min(...late.map((slot) => cells[${LIMITS} + slot]))
  const found = late.map((slot) => String.fromCharCode(...names.subarray(slot * ${WIDTH} + 1, slot * ${WIDTH} + 1 + names[slot * ${WIDTH}])))
  const shown = found.slice(0, 5).join('; ') + (found.length > 5 ? '; and ' + (found.length - 5) + ' more' : '')
  const text = current >= 0
    ? 'by ' + shown
    : 'while these ran, and one of them holds it after an await: ' + shown
  const line = '[postern] the event loop has been held for longer than ' + limit + ' ms ' + text + '. Nothing else of this process runs until then: split the work with await, or move it to a thread'
  try {
    writeSync(2, line.replace(/[^\\x20-\\x7e]/g, (sign) => '\\\\u' + sign.charCodeAt(0).toString(16).padStart(4, '0')) + '\\n')
  } catch {}
}
`
