import { cut, eventOf } from '@postern/core/engine'
import { addAttempt, attemptsOf, type AttemptsReader } from '../journal/attempts.ts'
import type { HeldJob } from './claim.ts'
import { eventOfJob, isJobId } from '../store/queues.ts'
import { delay, putOff } from './settle.ts'
import { bury, buryUnread, errorFields, type Owner, type RunsContext } from './unread.ts'

// Milliseconds for which a job waits if its event is missing.
const MISSING_WAIT = 5000

/** Counts an interruption. Returns how many milliseconds the task waits, or undefined if it is now a poison pill. */
export async function cutOff(
  { consumer, unread }: RunsContext,
  owner: Owner,
  held: HeldJob,
): Promise<number | undefined> {
  const { claim } = held
  const reader = { task: claim.id, unread }
  // The earlier claim did not start the handler. For example, the task waited for a suspect (a task interrupted three
  // times in a row) or for room, or its process was too busy.
  if (!hasBegun(reader, held)) {
    await putOff(owner, 0, { sn: held.stalled })
    return 0
  }
  const name = claim.subscription
  const lane = consumer
    .lanes()
    .find((each) => each.name === name || each.previousNames.includes(name))
  // BullMQ may have found the job without a lock several times since the last claim. That still counts as one
  // interruption, because only one run was interrupted.
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
  // A dead task that an operator replays is still a suspect, so its next interruption counts toward a poison pill.
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
 * Handles a job without its event.
 *
 * If the script that stores a delivery failed half-way, the delivery got 503, and its redelivery stores the event. So
 * the job waits for the redelivery as long as event ids are remembered. If the store knows the event's number, the
 * event was stored and another program deleted it. The job then becomes dead. A job that another program added has no
 * event, and also becomes dead.
 */
export async function missing(context: RunsContext, owner: Owner): Promise<void> {
  const { client, prefix, keepDone } = context
  const id = owner.job.id!
  if (!isJobId(id))
    return void (await buryUnread(context, owner, 'another program added it to this queue'))
  const number = eventOf(Number(await client.hget(`${prefix}:${owner.job.queueName}:${id}`, 'n')))
  const taken = (await client.hget(`${prefix}:numbers`, String(number))) === eventOfJob(id)
  if (!taken && owner.clock() - owner.job.timestamp <= keepDone) return putOff(owner, MISSING_WAIT)
  await buryUnread(context, owner, taken ? 'its event is gone' : 'its event was not accepted')
}

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

/** Returns true if the last run started and was interrupted. Such a run is missing in the list of attempts. */
function hasBegun(reader: AttemptsReader, { before, attempts }: HeldJob): boolean {
  const space = before.indexOf(' ')
  const began = Number(before.slice(0, space))
  return (
    space >= 0 &&
    !attemptsOf(reader, attempts, '').kept.some(({ startedAt }) => startedAt === began)
  )
}
