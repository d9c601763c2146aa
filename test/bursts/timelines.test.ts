import { expect, test } from 'vitest'
import { draw, KINDS } from './timelines.ts'

const versions = (runs: readonly { readonly version: number }[]): readonly number[] =>
  runs.map(({ version }) => version)

test('without an option each event runs, and some at once', async () => {
  expect(versions(await draw(KINDS['neither']!, 2))).toHaveLength(8)
})

test('with `orderingKey` each event runs, one after another, in order of arrival', async () => {
  const runs = await draw(KINDS['orderingKey']!, 2)
  expect(versions(runs)).toEqual([1, 2, 4, 3, 5, 7, 6, 8])
  for (const [at, run] of runs.slice(1).entries())
    expect(run.began).toBeGreaterThan(runs[at]!.ended)
})

test('with `debounce` the newest runs: no version after a higher one, and the last is the newest', async () => {
  const runs = await draw(KINDS['debounce']!, 2)
  const all = versions(runs)
  expect(all).toEqual(all.toSorted((a, b) => a - b))
  expect(all.at(-1)).toBe(8)
  expect(runs.reduce((sum, { folded }) => sum + 1 + folded, 0)).toBeLessThanOrEqual(8)
})
