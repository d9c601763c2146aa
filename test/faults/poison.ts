import type { TaskInfo } from '@postern/core/inbox'
import type { DurableName } from '../services/inboxes.ts'
import { openWorld, type World } from './world.ts'

/** Result of running tasks that kill their process next to healthy tasks. */
export interface PoisonReport {
  readonly deaths: number
  readonly healthy: number
  readonly healthyDone: number
  /** Number of dead healthy tasks. `because` has their errors. */
  readonly healthyDead: number
  readonly because: string
  readonly poison: number
  /** Number of poison tasks that died with the error `poison`. */
  readonly poisonFound: number
  /** Number of healthy runs that were repeated because their outcome was not stored. */
  readonly repeated: number
  /** Number of runs of tasks that the inbox had already reported as completed. */
  readonly ranAfterSettled: number
  readonly seconds: number
}

const WAVE = 8
// On a busy machine, a process needs ten seconds to die and restart, and the last poison tasks kill it eight times
// each.
const PATIENCE = 900_000
/** Maximum number of open poison tasks. They run one at a time, and each kills the process eight times. */
const OPEN = 4

/**
 * Sends waves of eight healthy tasks and one poison task, until the process has died `deaths` times or the time is
 * over. Then waits until all tasks have ended.
 */
export async function poisonRun(
  name: DurableName,
  deaths: number,
  minutes: number,
): Promise<PoisonReport> {
  const started = performance.now()
  const last = started + minutes * 60_000
  const world = await openWorld(name)
  let waves = 0
  try {
    while (world.deaths() < deaths && performance.now() < last) {
      await wave(world, waves++)
      const half = waves * WAVE - WAVE / 2
      await world.until(
        async () =>
          world.deaths() >= deaths ||
          ((await world.count('healthy', 'done', 'dead')) >= half &&
            waves - (await world.count('poison', 'dead')) < OPEN),
        last,
      )
    }
    const late = performance.now() + PATIENCE
    await world.until(
      async () =>
        (await world.count('healthy', 'done', 'dead')) >= waves * WAVE &&
        (await world.count('poison', 'dead')) >= waves,
      late,
    )
    const healthy = await world.tasks('healthy')
    const poison = await world.tasks('poison')
    return {
      deaths: world.deaths(),
      healthy: world.acknowledged('healthy'),
      healthyDone: healthy.filter(({ state }) => state === 'done').length,
      healthyDead: healthy.filter(({ state }) => state === 'dead').length,
      because: reasonsIn([...healthy, ...poison.filter(({ error }) => error?.name !== 'poison')]),
      poison: world.acknowledged('poison'),
      poisonFound: poison.filter(({ state, error }) => state === 'dead' && error?.name === 'poison')
        .length,
      repeated: repeatedIn(world.lines()),
      ranAfterSettled: world.ranAfterSettled(),
      seconds: Math.round((performance.now() - started) / 1000),
    }
  } finally {
    await world.close()
  }
}

export function reasonsIn(tasks: readonly TaskInfo[]): string {
  const dead = tasks.filter(({ state }) => state === 'dead')
  return [...new Set(dead.map(({ error }) => `${error?.name}: ${error?.message}`))].join('; ')
}

/** Returns the number of repeated healthy runs that finished. */
export function repeatedIn(lines: readonly string[]): number {
  const ends = lines.filter((line) => line.startsWith('done healthy '))
  return ends.length - new Set(ends.map((line) => line.split(' ')[2])).size
}

async function wave(world: World, number: number): Promise<void> {
  for (let at = 0; at < WAVE; at++) await world.deliver('healthy', `h${number}-${at}`)
  await world.deliver('poison', `p${number}`)
}
