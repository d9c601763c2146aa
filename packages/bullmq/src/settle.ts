import { setTimeout as sleep } from 'node:timers/promises'
import { type Claim, type Consumer, type Outcome, type TaskDraft } from '@postern/core/inbox'
import { DelayedError, UnrecoverableError, type Job, type Worker } from 'bullmq'
import { run, runBuffer, type Client } from './connection.ts'
import { decodeLoaded, type Loaded } from './store.ts'
import { jobRef, parseQueueName } from './names.ts'
import type { JobData, Queues } from './queues.ts'
import { toError } from './errors.ts'

/** What {@link runJob} needs. */
export interface AttemptContext {
  readonly consumer: Consumer
  /** Waits for Redis, as the worker does. */
  readonly client: Client
  readonly queues: Queues
  readonly prefix: string
  readonly lease: number
  readonly keepDone: number
  /** Hears what a job ended in, before BullMQ stores it. */
  readonly ended: (job: Job, claim: Claim, outcome: Outcome) => void
}

/** BullMQ takes the wait before the next attempt from the error itself. */
export interface WaitingError extends Error {
  readonly wait: number
}

/** Runs one attempt and ends as BullMQ wants: returns where it is done, throws where it failed, is dead or postponed. */
export async function runJob(
  context: AttemptContext,
  worker: Worker,
  job: Job<JobData>,
  token: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { consumer, ended } = context
  const claim = await load(context, job)
  if (!claim) return missing(context, worker, job, token)
  const outcome = await consumer.run(claim, signal)
  if (outcome.kind === 'postpone') {
    const stored = await postpone(worker, job, token, outcome.at - consumer.now())
    consumer.settled(claim, outcome, stored)
    throw new DelayedError()
  }
  if (outcome.kind === 'done' && outcome.spawn && outcome.spawn.length > 0) {
    if (!(await spawn(context, job, claim, token, outcome.spawn))) {
      consumer.settled(claim, outcome, false)
      throw new DelayedError()
    }
  }
  ended(job, claim, outcome)
  if (outcome.kind === 'done') return
  const error = toError(outcome.error)
  if (outcome.kind === 'dead')
    throw Object.assign(new UnrecoverableError(error.message), { stack: error.stack })
  throw Object.assign(error, { wait: Math.max(0, outcome.at - consumer.now()) })
}

async function load(context: AttemptContext, job: Job<JobData>): Promise<Claim | undefined> {
  const found = (await runBuffer(
    context.client,
    'posternLoad',
    context.prefix,
    job.data.e,
  )) as Loaded | null
  if (!found) return undefined
  const { record, delivery } = decodeLoaded(found)
  return {
    id: `${job.queueName}:${job.id!}`,
    subscription: parseQueueName(job.queueName).subscription,
    part: job.data.p,
    data: job.data.d,
    event: record,
    delivery,
    // BullMQ counts it when it hands the job over, so an attempt that killed its process counts.
    attempt: Math.max(1, job.attemptsStarted),
  }
}

/** Puts the job off without counting the attempt. False where the lock was lost. */
async function postpone(worker: Worker, job: Job, token: string, wait: number): Promise<boolean> {
  const fieldsToUpdate = { ats: String(job.attemptsStarted - 1) }
  const options = { skipAttempt: true, fieldsToUpdate }
  try {
    await worker
      .getBackend()
      .moveToDelayed(job.id!, Date.now(), Math.max(0, Math.ceil(wait)), token, options)
    return true
  } catch (error) {
    if (isFenced(error)) return false
    throw error
  }
}

/** Makes the job pending as it was before it was claimed. What it reports later is refused. */
export async function giveBack(worker: Worker, job: Job, token: string): Promise<void> {
  await postpone(worker, job, token, 0).catch(() => {})
}

/**
 * A job without its event was left by a transaction in which a script failed: the delivery got 503, and its redelivery
 * makes the event whole. Where none came for as long as events are kept, none will.
 */
async function missing(
  context: AttemptContext,
  worker: Worker,
  job: Job<JobData>,
  token: string,
): Promise<never> {
  if (Date.now() - job.timestamp > context.keepDone)
    throw new UnrecoverableError('the event of this task was never taken')
  await postpone(worker, job, token, 5000)
  throw new DelayedError()
}

/**
 * Adds child tasks before their parent is done: should the process die in between, the parent runs again and adding
 * the same parts again changes nothing. False where the parent's lock was lost.
 */
async function spawn(
  { client, queues, consumer, prefix, lease }: AttemptContext,
  job: Job<JobData>,
  claim: Claim,
  token: string,
  drafts: readonly TaskDraft[],
): Promise<boolean> {
  const { receiver } = consumer
  const event = job.data.e
  const refs = drafts.map((draft) => jobRef(receiver, event, draft))
  for (;;) {
    // Renewed first, so that no other attempt begins while the children are added.
    if ((await job.extendLock(token, lease)) !== 1) return false
    try {
      await queues.ready(new Set(refs.map((ref) => ref.slice(0, ref.lastIndexOf(':')))))
      const multi = queues.multi()
      for (const draft of drafts) queues.add(multi, receiver, event, claim.event, draft)
      const results = await multi.exec()
      const failed = results?.find(([error]) => error)?.[0]
      if (failed) throw failed
      await run(client, 'posternAppend', prefix, event, ...refs)
      return true
    } catch {
      // The queues of deliveries fail at once while Redis is away; the lock above waits for it.
      await sleep(100)
    }
  }
}

/** True where BullMQ refused since another attempt has the job, or nobody. */
function isFenced(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return code === -1 || code === -2 || code === -3 || code === -6
}
