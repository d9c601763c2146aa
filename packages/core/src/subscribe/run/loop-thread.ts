/** Cells of the shared memory, as 32-bit numbers: first these, then the limit of each slot in milliseconds. */
export const BEAT = 0
/** Grows with each synchronous part of a run, so that many short ones in a row are no hold. */
export const PARTS = 1
/** The slot of the run that is in its synchronous part, or -1. */
export const CURRENT = 2
/** 1 while runs are looked at. */
export const ACTIVE = 3
export const LIMITS = 4

/** Runs that can be named at once. Slot 0 is for the synchronous part of a run that found no other one. */
export const SLOTS = 64
/** Characters of a slot: one with their number, then the name of the run. */
export const WIDTH = 256
/** Where the names begin, in bytes. */
export const NAMES: number = 4 * (LIMITS + SLOTS)
export const BYTES: number = NAMES + 2 * WIDTH * SLOTS

/** Milliseconds between two beats of the event loop, and between two looks of the thread. */
export const INTERVAL = 100

/**
 * What the thread runs: text and no file, since a bundler would leave a file behind. A look counts for two intervals at
 * most, so that a machine that slept accuses nobody. It writes by itself: `console` of a thread waits for the event loop.
 */
export const THREAD: string = `
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
