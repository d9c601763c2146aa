import type { Lane, Semaphore } from '@postern/core/inbox'
import { DelayedError, Worker } from 'bullmq'
import type { DoneValue } from '../journal/attempts.ts'
import { isFenced } from '../store/errors.ts'
import type { JobData } from '../store/queues.ts'
import type { AttemptContext, JobRuns } from './attempt.ts'
import type { Finished } from './claim-end.ts'
import { store, type Owner } from './settle.ts'
import { buryBroken, isOdd } from './unread.ts'

/** A BullMQ worker of one queue. */
export type JobWorker = Worker<JobData, DoneValue>

/** Starts a worker; `first` if it is the first of its receiver. */
type StartWorker = (
  queue: string,
  lane: Lane,
  slots: Semaphore | undefined,
  first: boolean,
) => JobWorker

/** Who has the workers. */
interface WorkersHost {
  /** True once they are being closed. */
  readonly stopped: () => boolean
  /** A worker could not start, and is closed. */
  readonly ended: (queue: string, worker: JobWorker) => void
}

/** Makes what starts the workers of a receiver: each runs jobs by `attempts`, and tells the receiver what was stored. */
export function workerStarter(
  context: AttemptContext,
  attempts: JobRuns,
  host: WorkersHost,
): StartWorker {
  const { consumer, client, prefix, lease } = context
  const finished = new Map<object, { readonly owner: Owner; readonly done: Finished }>()

  return function start(queue, lane, slots, first) {
    const worker: JobWorker = new Worker<JobData, DoneValue>(
      queue,
      async (job, token, signal) => {
        const free = await slots?.take()
        const owner = {
          job,
          token: token!,
          backend: worker.getBackend(),
          clock: context.clock,
        }
        try {
          const { finished: done } = await attempts.run(owner, signal)
          // The worker does not settle a job that throws this.
          if (!done) throw new DelayedError()
          finished.set(job, { owner, done })
          return done.value
        } finally {
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
        // Interruptions are counted by the rule of all inboxes.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        runRetryDelay: 1000,
        skipVersionCheck: !first,
        settings: { backoffStrategy: (_made, _type, _error, job) => refused(job) },
      },
    )
    // Behind `lockRenewalFailed` comes an error for each job, without a code.
    let renewals = 0
    worker.on('error', (error) => {
      if (renewals > 0) renewals--
      else if (!host.stopped() && !isFenced(error)) void failed(queue, error)
    })
    worker.on('lockRenewalFailed', (ids) => {
      renewals = ids.length
      for (const id of ids) void renewalFailed(worker, queue, id)
    })
    worker.on('completed', (job) => tell(job, true))
    void keepRunning(queue, worker)
    return worker
  }

  /** Of what BullMQ could not read the jobs are buried; all else is told. */
  async function failed(queue: string, error: Error): Promise<void> {
    const odd = isOdd(error) && (await buryBroken(context, queue).catch(() => 0))
    if (!odd) context.failed(error)
  }

  async function keepRunning(queue: string, worker: JobWorker): Promise<void> {
    try {
      await worker.run()
    } catch (error) {
      if (!host.stopped()) context.failed(error as Error)
      host.ended(queue, worker)
      await worker.close(true).catch(() => {})
    }
  }

  /** A run whose lock ended goes on: its outcome counts if it is the first. It hears if another claim has the task. */
  async function renewalFailed(worker: JobWorker, queue: string, id: string): Promise<void> {
    const taken = await attempts.taken(`${queue}:${id}`).catch(() => false)
    if (taken)
      worker.cancelJob(id, 'another process took or settled this task, since its lease had ended')
  }

  /**
   * BullMQ asks for the wait of a failed job, which shows that it could not store a completion. The completion is stored
   * here, unless the task was settled since. BullMQ's own scripts then refuse its later changes of the job.
   */
  async function refused(job: object | undefined): Promise<number> {
    const known = job && finished.get(job)
    if (known) {
      const { owner, done } = known
      const { job: own, token, backend } = owner
      const complete = (): Promise<unknown> =>
        backend.moveToCompleted(own, done.value, undefined as never, token, false)
      const stored = await store(context, owner, done.held, complete, true)
      tell(job, stored)
    }
    return 1000
  }

  function tell(job: object, stored: boolean): void {
    const known = finished.get(job)
    if (!known) return
    finished.delete(job)
    const { held, outcome, ran } = known.done
    consumer.settled(held.claim, outcome, stored, ran)
  }
}
