import { run, type Client } from './connection.ts'
import { queueName } from './names.ts'
import type { Queues } from './queues.ts'
import type { Settings } from './settings.ts'

const EVERY = 60_000
const HOUR = 3_600_000
// Small steps: Redis does nothing else while it takes one.
const STEP = 500

/**
 * Forgets, in the background, done jobs after `keepDone`, dead ones after `keepDead`, and events none of whose jobs is
 * left. BullMQ's own retention looks only when another job ends, and counting would cut the window short.
 */
export function startSweeper(
  client: Client,
  queues: Queues,
  settings: Settings,
  names: () => readonly string[],
): { stop(): void } {
  const { prefix, keepDone, keepDead } = settings
  let sweeping = false
  let stopped = false
  let place = 0
  let resting = 0
  const timer = setInterval(() => void sweep(), Math.min(EVERY, Math.max(100, keepDone / 2)))
  timer.unref()
  return {
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }

  async function sweep(): Promise<void> {
    if (sweeping || client.status !== 'ready') return
    sweeping = true
    try {
      for (const name of names()) {
        const queue = await queues.get(name)
        await repeat(async () => (await queue.clean(keepDone, STEP, 'completed')).length)
        await repeat(async () => (await queue.clean(keepDead, STEP, 'failed')).length)
      }
      if (Date.now() < resting) return
      place = await forgetSome(client, prefix, Date.now() - keepDone, place, () => stopped)
      // Those that stay are looked at again, but not all the time.
      if (place === 0) resting = Date.now() + Math.min(HOUR, keepDone / 2)
    } catch {
      // Redis is away: the next round does it, and whoever uses the connection says so.
    } finally {
      sweeping = false
    }
  }

  async function repeat(step: () => Promise<number>): Promise<void> {
    while (!stopped && (await step()) >= STEP);
  }
}

// Steps in one go, so that no round takes long.
const STEPS = 200

/**
 * Goes through the events that arrived before a time, from a place on, and forgets those that no job is left of. Gives
 * the place to go on from, 0 where it came to the end.
 */
export async function forgetSome(
  client: Client,
  prefix: string,
  before: number,
  place: number,
  stopped: () => boolean,
): Promise<number> {
  for (let step = 0, skip = place; ; step++) {
    if (step === STEPS || stopped()) return skip
    const to = `(${before}`
    const names = await client.zrangebyscore(`${prefix}:index`, '-inf', to, 'LIMIT', skip, STEP)
    if (names.length === 0) return 0
    // What stays keeps its place in the order; what goes moves the rest up.
    skip += names.length - Number(await run(client, 'posternSweep', prefix, ...names))
  }
}

/** The queues of a receiver's subscriptions, under all their names. */
export function queueNames(
  receiver: string,
  lanes: readonly { readonly name: string; readonly formerly: readonly string[] }[],
): readonly string[] {
  return lanes.flatMap(({ name, formerly }) =>
    [name, ...formerly].map((each) => queueName(receiver, each)),
  )
}
