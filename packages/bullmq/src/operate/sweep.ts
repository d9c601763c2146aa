import { ago, knownFor, type ClockStep, type Consumer } from '@postern/core/engine'
import { runScript, type RedisClient } from '../store/connection.ts'
import { queueName, type Queues } from '../store/queues.ts'
import type { Settings } from '../settings.ts'

interface PruneContext {
  readonly client: RedisClient
  readonly queues: Queues
  readonly settings: Settings
  readonly clock: () => number
}

/** Where a sweep continues: the index of a queue or, after all queues, the rank of an event. */
export type SweepPlace = { readonly queue: number } | { readonly event: number }

// Number of jobs or events per step. It is small, since each step blocks Redis.
const STEP = 500

/**
 * Creates the step of a sweep that drops old data. It drops done jobs after `keepDone`, and dead jobs after `keepDead`.
 * It drops events without jobs after the longer of `dedupeWindow` and `keepDone`. BullMQ's own retention by age runs
 * only when another job ends, and its retention by count would shorten the deduplication window.
 */
export function sweepStep(
  { client, queues, settings, clock }: PruneContext,
  consumer: Consumer,
): (place: SweepPlace | undefined) => Promise<SweepPlace | undefined> {
  const { prefix, keepDone, keepDead } = settings
  return async (place = { queue: 0 }) => {
    if (client.status !== 'ready') return undefined
    if ('event' in place) {
      const before = await since(knownFor(settings).time)
      const next = await forgetSome(client, prefix, before, place.event)
      return next === undefined ? undefined : { event: next }
    }
    const name = consumer.lanes().flatMap((lane) => [lane.name, ...lane.previousNames])[place.queue]
    if (name === undefined) return { event: 0 }
    const queue = await queues.get(queueName(consumer.receiver, name))
    const jobs = queue.getBackend()
    const done = await jobs.cleanJobsByState('completed', await since(keepDone), STEP)
    const dead = await jobs.cleanJobsByState('failed', await since(keepDead), STEP)
    return { queue: done.length === STEP || dead.length === STEP ? place.queue : place.queue + 1 }
  }

  /** Returns the time that was `span` milliseconds ago. Jumps of the clock do not count. */
  async function since(span: number): Promise<number> {
    const steps = (await client.lrange(`${prefix}:steps`, 0, -1)).map((line): ClockStep => {
      const [at = 0, unseen = 0] = line.split(' ').map(Number)
      return { at, unseen, unseenByGuards: unseen }
    })
    return Math.floor(ago(clock(), span, steps, 'unseen'))
  }
}

/** Drops old events without jobs. Returns the rank at which the next step continues, or undefined at the end. */
async function forgetSome(
  client: RedisClient,
  prefix: string,
  before: number,
  skip: number,
): Promise<number | undefined> {
  const to = `(${before}`
  const members = await client.zrangebyscore(`${prefix}:index`, '-inf', to, 'LIMIT', skip, STEP)
  if (members.length === 0) return undefined
  // Each dropped event lowers the rank of later events.
  return (
    skip + members.length - Number(await runScript(client, 'SWEEP', prefix, before, ...members))
  )
}
