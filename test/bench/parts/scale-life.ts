import type { Inbox } from '@postern/core/inbox'
import { quantile } from '../../services/figures.ts'
import { intakes, ours } from './settled.ts'

export const LIFE_HEAD: readonly string[] = [
  'inbox',
  'opened',
  'newest 100',
  '100 of the middle',
  '100 dead, of none',
  'forgotten/s',
  '50 taken and settled, p50',
  'p99',
]

const STEP = 20_000
const BYTES = 1024
// Milliseconds between the worker's batches, and events per batch.
const TURN = 100
const WIDTH = 50
const LONGEST = 300_000

/**
 * Returns a table row for a store of `count` done events: time to open and to list it, and the speed of deleting its
 * events next to a busy worker.
 */
export async function lifeOf(
  title: string,
  open: (keep?: object) => Promise<Inbox>,
  count: number,
): Promise<string[]> {
  const first = Date.now()
  await fill(title, await open(), count)
  const middle = first + (Date.now() - first) / 2

  const began = performance.now()
  const inbox = await open()
  await inbox.view!.stats()
  const opened = performance.now() - began
  const lists: number[] = []
  for (const query of [{}, { before: middle }, { state: 'dead' as const }]) {
    const asked = performance.now()
    await inbox.view!.list({ limit: 100, ...query })
    lists.push(performance.now() - asked)
  }
  await inbox.close()
  const { rate, turns } = await forget(title, await open({ window: '1s', keepDone: '1s' }), count)
  return [
    title,
    opened.toFixed(0),
    ...lists.map((took) => took.toFixed(1)),
    rate.toFixed(0),
    quantile(turns, 0.5).toFixed(1),
    quantile(turns, 0.99).toFixed(1),
  ]
}

async function fill(title: string, inbox: Inbox, count: number): Promise<void> {
  const contender = ours(inbox)
  for (let at = 0; at < count; at += STEP) {
    await contender.round(intakes(BYTES, STEP))
    if (at % (25 * STEP) === 0) console.log(`scale: ${title} has ${at + STEP}`)
  }
  await contender.close()
}

/** Stores and runs batches at a steady pace until the old events are deleted, or for five minutes. */
async function forget(
  title: string,
  inbox: Inbox,
  count: number,
): Promise<{ readonly rate: number; readonly turns: readonly number[] }> {
  const contender = ours(inbox)
  const turns: number[] = []
  const began = performance.now()
  let taken = 0
  let left = count
  while (left > WIDTH * 100 && performance.now() - began < LONGEST) {
    const turn = performance.now()
    await contender.round(intakes(BYTES, WIDTH))
    taken += WIDTH
    turns.push(performance.now() - turn)
    // Counting is slow, so it happens only every 50 batches.
    if (turns.length % 50 === 0) {
      const stats = await inbox.view!.stats()
      left = stats.reduce((sum, { counts }) => sum + counts.done, 0)
      console.log(`scale: ${title} has ${left} left`)
    }
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, turn + TURN - performance.now())),
    )
  }
  const rate = (count + taken - left) / ((performance.now() - began) / 1000)
  await contender.close()
  return { rate, turns }
}
