import { cut, type Consumer, type UnreadTeller, eventOf } from '@postern/core/engine'
import { addAttempt, attemptsOf, type AttemptsReader } from '../journal/attempts.ts'
import type { HeldJob } from './claim.ts'
import type { RedisClient } from '../store/connection.ts'
import { eventOfJob, isJobId } from '../store/queues.ts'
import { delay, putOff } from './settle.ts'
import { bury, buryUnread, errorFields, type Owner } from './unread.ts'

// How long a job without its event waits.
const MISSING_WAIT = 5000

/** The argument of functions for claims that do not run. */
interface UnrunContext {
  readonly consumer: Consumer
  readonly unread: UnreadTeller
  /** Milliseconds. */
  readonly keepDone: number
}

/** The argument of {@link missing}. */
interface MissingContext extends UnrunContext {
  readonly client: RedisClient
  readonly prefix: string
}

/** Claims before this one ended without an outcome: the task waits for the returned milliseconds, is charged, or is poison. */
export async function cutOff(
  { consumer, unread }: UnrunContext,
  owner: Owner,
  held: HeldJob,
): Promise<number | undefined> {
  const { claim } = held
  const reader = { task: claim.id, unread }
  // It ran nothing: it waited for its place among suspects or for room, or its process was too busy to start it.
  if (!hasBegun(reader, held)) {
    await putOff(owner, 0, { sn: held.stalled })
    return 0
  }
  const name = claim.subscription
  const lane = consumer
    .lanes()
    .find((each) => each.name === name || each.previousNames.includes(name))
  // Counts one interruption, however often BullMQ found the job without a lock. Each claim counts the run before it.
  const ruling = cut({ ...held, attempt: claim.attempt }, lane?.attempts)
  const { change, count, charged, error } = ruling
  const fields = {
    pa: withInterruption(reader, held),
    sn: held.stalled,
    cut: count,
    chg: change.charged!,
  }
  if (!error) {
    await delay(owner, change, fields)
    tell()
    return change.wait!
  }
  // Replayed, it is still a suspect, and charged from the start.
  await bury(owner, error, { ...fields, ...errorFields(error) })
  tell()
  consumer.settled(claim, { kind: 'dead', error }, true)
  return undefined

  function tell(): void {
    const { id, subscription, attempt } = claim
    consumer.interrupted?.({ subscription, task: id, attempt, count, strikes: charged })
  }
}

/**
 * A job without its event was left by a transaction in which a script failed: the delivery got 503, and its redelivery
 * makes the event whole. After the time for which events are kept, no redelivery will arrive. An event that has its number
 * was taken, and something else has deleted it; and jobs of other programs have none.
 */
export async function missing(context: MissingContext, owner: Owner): Promise<void> {
  const { client, prefix, keepDone } = context
  const id = owner.job.id!
  if (!isJobId(id))
    return void (await buryUnread(context, owner, 'another program added it to this queue'))
  const number = eventOf(Number(await client.hget(`${prefix}:${owner.job.queueName}:${id}`, 'n')))
  const taken = (await client.hget(`${prefix}:numbers`, String(number))) === eventOfJob(id)
  if (!taken && Date.now() - owner.job.timestamp <= keepDone) return putOff(owner, MISSING_WAIT)
  await buryUnread(context, owner, taken ? 'its event is gone' : 'its event was not accepted')
}

/** The attempts of a job with the run that was cut off. */
function withInterruption(reader: AttemptsReader, { claim, before, attempts }: HeldJob): string {
  const space = before.indexOf(' ')
  return addAttempt(reader, attempts, {
    attempt: claim.attempt,
    startedAt: Number(before.slice(0, space)),
    duration: undefined,
    outcome: 'interrupted',
    process: before.slice(space + 1),
  })
}

/** True if a run started since the last one that is on record. */
function hasBegun(reader: AttemptsReader, { before, attempts }: HeldJob): boolean {
  const space = before.indexOf(' ')
  const began = Number(before.slice(0, space))
  return (
    space >= 0 &&
    !attemptsOf(reader, attempts, '').kept.some(({ startedAt }) => startedAt === began)
  )
}
