import { ago, knownFor, type ClockStep, type Consumer } from '@postern/core/engine'
import { runScript, type RedisClient } from '../store/connection.ts'
import { queueName, type Queues } from '../store/queues.ts'
import type { Settings } from '../settings.ts'

/** The argument of {@link sweepStep}. */
interface PruneContext {
  readonly client: RedisClient
  readonly queues: Queues
  readonly settings: Settings
  readonly clock: () => number
}

/** Where a round is: at a queue, or behind the queues at a place among the events. */
export type SweepPlace = { readonly queue: number } | { readonly event: number }

// Small steps: each blocks Redis.
const STEP = 500

/**
 * One step of forgetting: done jobs after `keepDone`, dead ones after `keepDead`, then events none of whose jobs is left
 * after the longer of `window` and `keepDone`. BullMQ's own retention looks only when another job ends, and counting
 * would cut the window short.
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
    // BullMQ goes by the clock of this machine.
    const done = await queue.clean(Date.now() - (await since(keepDone)), STEP, 'completed')
    const dead = await queue.clean(Date.now() - (await since(keepDead)), STEP, 'failed')
    return { queue: done.length === STEP || dead.length === STEP ? place.queue : place.queue + 1 }
  }

  /** Before when a thing has aged by a span: times are of machines, whose clocks may be wrong too. */
  async function since(span: number): Promise<number> {
    const steps = (await client.lrange(`${prefix}:steps`, 0, -1)).map((line): ClockStep => {
      const [at = 0, unseen = 0] = line.split(' ').map(Number)
      return { at, unseen, unseenByGuards: unseen }
    })
    return Math.floor(ago(Math.min(clock(), Date.now()), span, steps, 'unseen'))
  }
}

/**
 * Goes through some events that arrived before a time, from a place on, and forgets those that no job is left of. Returns
 * the place of the next step, or undefined at the end.
 */
async function forgetSome(
  client: RedisClient,
  prefix: string,
  before: number,
  skip: number,
): Promise<number | undefined> {
  const to = `(${before}`
  const members = await client.zrangebyscore(`${prefix}:index`, '-inf', to, 'LIMIT', skip, STEP)
  if (members.length === 0) return undefined
  // Remaining events keep their rank; each forgotten one moves later events up.
  return skip + members.length - Number(await runScript(client, 'posternSweep', prefix, ...members))
}
