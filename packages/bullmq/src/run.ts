import {
  createSlots,
  type Claim,
  type Consumer,
  type Lane,
  type Outcome,
  type Slots,
} from '@postern/core/inbox'
import { Worker, type Job } from 'bullmq'
import { giveBack, runJob, type AttemptContext, type WaitingError } from './settle.ts'
import type { Client } from './connection.ts'
import { queueName } from './names.ts'
import type { JobData, Queues } from './queues.ts'
import type { Settings } from './settings.ts'

// How often lanes are looked for: a receiver may subscribe after it began to work.
const LOOK = 1000

/** What {@link startWorking} needs. */
export interface WorkingContext {
  readonly consumer: Consumer
  readonly client: Client
  readonly queues: Queues
  readonly settings: Settings
  /** Hears of errors of connections. */
  readonly failed: (error: Error) => void
}

interface Running {
  readonly claim: Claim
  readonly outcome: Outcome
}

/** The workers of a receiver in this process. */
export interface BullmqWorking {
  /** As `Port.close`. */
  close(until: number): Promise<void>
}

/** Runs the tasks of a receiver's subscriptions: a BullMQ worker for each, and one for each name it had before. */
export function startWorking(context: WorkingContext): BullmqWorking {
  const { consumer, client, settings } = context
  const { prefix, lease, keepDone } = settings
  const workers = new Map<string, Worker<JobData>>()
  const active = new Map<Job, { readonly worker: Worker; readonly token: string }>()
  const ending = new Map<string, Running>()
  let stopped = false
  const attempt: AttemptContext = {
    consumer,
    client,
    queues: context.queues,
    prefix,
    lease,
    keepDone,
    ended: (job, claim, outcome) => ending.set(key(job), { claim, outcome }),
  }
  const timer = setInterval(look, LOOK)
  look()

  return { close }

  async function close(until: number): Promise<void> {
    stopped = true
    clearInterval(timer)
    const left = Math.max(0, until - Date.now())
    // A worker never ends while Redis is away: nothing here waits for it longer than `until`.
    const closing = Promise.all([...workers.values()].map((worker) => worker.close()))
    if (await settles(closing, left / 2)) return
    for (const worker of workers.values()) worker.cancelAllJobs('the receiver was closed')
    // Giving back takes one round trip, and must be stored by `until`.
    if (await settles(closing, left / 2 - Math.min(500, left / 4))) return
    const back = [...active].map(([job, { worker, token }]) => giveBack(worker, job, token))
    await settles(Promise.all(back), Math.max(50, until - Date.now()))
  }

  function look(): void {
    for (const lane of consumer.lanes()) {
      const slots = lane.formerly.length > 0 ? createSlots(() => lane.concurrency) : undefined
      for (const name of [lane.name, ...lane.formerly]) {
        const queue = queueName(consumer.receiver, name)
        if (!workers.has(queue)) workers.set(queue, start(queue, lane, slots))
      }
    }
  }

  function start(queue: string, lane: Lane, slots: Slots | undefined): Worker<JobData> {
    const worker = new Worker<JobData>(
      queue,
      async (job, token, signal) => {
        const free = await slots?.take()
        active.set(job, { worker, token: token! })
        try {
          await runJob(attempt, worker, job, token!, signal)
        } finally {
          active.delete(job)
          free?.()
        }
      },
      {
        connection: client as never,
        prefix,
        concurrency: lane.concurrency,
        autorun: false,
        lockDuration: lease,
        stalledInterval: Math.max(1, Math.round(lease / 2)),
        // A task that kills its process counts attempts when it is claimed, and the receiver's policy ends it.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        runRetryDelay: 1000,
        settings: {
          backoffStrategy: (_made, _type, error) => Math.ceil((error as WaitingError).wait ?? 1000),
        },
      },
    )
    worker.on('error', (error) => refused(error))
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'the lock of this task was lost')
    })
    worker.on('completed', (job) => settle(job, 'completed'))
    worker.on('failed', (job) => job && settle(job, 'failed'))
    void keepRunning(queue, worker)
    return worker
  }

  async function keepRunning(queue: string, worker: Worker<JobData>): Promise<void> {
    try {
      await worker.run()
    } catch (error) {
      context.failed(error as Error)
      // It could not start: the next look makes another.
      if (workers.get(queue) === worker) workers.delete(queue)
      await worker.close(true).catch(() => {})
    }
  }

  function settle(job: Job, state: 'completed' | 'failed'): void {
    const known = ending.get(key(job))
    if (!known) return
    ending.delete(key(job))
    // BullMQ lets a job fail, and tries it again, whose completion it could not store, as when Redis went away.
    const stored = (state === 'completed') === (known.outcome.kind === 'done')
    consumer.settled(known.claim, known.outcome, stored)
  }

  /** BullMQ tells of a refused outcome as an error that names the job. */
  function refused(error: Error): void {
    const fenced = /^(?:Missing (?:lock|key)|Lock mismatch|Job) (?:for job )?(\S+?)[. ]/.exec(
      error.message,
    )
    if (!fenced) {
      if (!stopped && !error.message.startsWith('could not renew lock')) context.failed(error)
      return
    }
    for (const [name, { claim, outcome }] of ending) {
      if (!name.endsWith(`:${fenced[1]!}`)) continue
      ending.delete(name)
      consumer.settled(claim, outcome, false)
    }
  }
}

function key(job: Job): string {
  return `${job.queueName}:${job.id!}`
}

async function settles(work: Promise<unknown>, timeout: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(timeout, 2 ** 31 - 1))
  })
  const done = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return done
}
