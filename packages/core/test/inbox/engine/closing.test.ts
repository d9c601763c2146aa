import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { closeBy } from '../../../src/inbox/engine/run/drain.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Closes, and logs each step with its time in milliseconds. */
function close(time: number, { margin = 250, idleAt = Infinity } = {}) {
  const began = performance.now()
  const log: string[] = []
  const tell = (what: string) => (): void => void log.push(`${what} ${performance.now() - began}`)
  void closeBy(began + time, {
    idle: () =>
      new Promise((resolve) => {
        if (idleAt < Infinity) setTimeout(resolve, idleAt)
      }),
    abort: tell('abort'),
    giveBackRunning: tell('give back'),
    margin,
  }).then(tell('closed'))
  return log
}

test.each<[string, number, Parameters<typeof close>[1], string[]]>([
  ['ends before half of it', 1000, { idleAt: 400 }, ['closed 400']],
  ['ends after the signal', 1000, { idleAt: 600 }, ['abort 500', 'closed 600']],
  ['never ends', 1000, {}, ['abort 500', 'give back 750', 'closed 1000']],
  [
    'is stored after it was given back',
    1000,
    { idleAt: 800 },
    ['abort 500', 'give back 750', 'closed 800'],
  ],
  ['is stored quickly', 1000, { margin: 100 }, ['abort 500', 'give back 900', 'closed 1000']],
  ['has little time', 200, {}, ['abort 100', 'give back 150', 'closed 200']],
])('what runs and %s', async (_, time, options, expected) => {
  const log = close(time, options)
  await vi.advanceTimersByTimeAsync(5000)
  expect(log).toEqual(expected)
})

test.each([0, -1, -10_000])(
  'a time of %i ms gives back at once, and storing has the margin',
  async (time) => {
    const log = close(time)
    expect(log).toEqual(['abort 0', 'give back 0'])
    await vi.advanceTimersByTimeAsync(5000)
    expect(log.slice(2)).toEqual(['closed 250'])
  },
)
