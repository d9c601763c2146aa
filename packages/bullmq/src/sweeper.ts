import { run, type Client } from './client.ts'
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
      await repeat(async () => {
        const due = await client.zrangebyscore(
          `${prefix}:sweep`,
          '-inf',
          Date.now(),
          'LIMIT',
          0,
          STEP,
        )
        await forget(client, settings, due)
        return due.length
      })
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

/** Forgets those of the events that no job is left of; their number. */
export async function forget(
  client: Client,
  { prefix, keepDone }: Settings,
  events: readonly string[],
): Promise<number> {
  if (events.length === 0) return 0
  const again = Date.now() + Math.min(HOUR, Math.max(keepDone / 2, 100))
  return Number(await run(client, 'posternSweep', prefix, again, ...events))
}

/** Forgets all events that arrived before a time and that no job is left of. */
export async function forgetBefore(
  client: Client,
  settings: Settings,
  before: number,
): Promise<void> {
  const index = `${settings.prefix}:index`
  for (let skip = 0; ;) {
    const names = await client.zrangebyscore(index, '-inf', `(${before}`, 'LIMIT', skip, STEP)
    if (names.length === 0) return
    skip += names.length - (await forget(client, settings, names))
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
