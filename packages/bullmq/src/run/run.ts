import { closeBy, createSemaphore, settledBy } from '@postern/core/inbox'
import { promoteJob } from '../accept/revive.ts'
import { queueName } from '../store/names.ts'
import type { AttemptContext, JobRuns } from './attempt.ts'
import { workerStarter, type JobWorker } from './worker.ts'

// How often lanes are looked for: a receiver may subscribe after it began to work.
const LOOK = 1000
// Delayed jobs that one look makes due.
const AT_A_LOOK = 1000
// BullMQ's scores of delayed jobs: milliseconds times this, and a counter.
const SCORE = 0x1000
// Workers that connect at the same time: each opens a connection, and deliveries must not wait for them.
const AT_ONCE = 20
// Milliseconds that giving back may take: one round trip.
const BACK = 250

// Redis takes 10,000 clients by default, and several processes share it.
const MOST_WORKERS = 1000

/** The workers of a receiver in this process. */
export interface Working {
  /** As `Port.close`. */
  close(until: number): Promise<void>
}

/** The argument of {@link startWorking}. */
interface WorkingContext extends AttemptContext {
  readonly stop: () => void
  /** Called each second. */
  readonly look: () => void
}

/** Runs the tasks of a receiver's subscriptions: a BullMQ worker for each, and one for each name it had before. */
export function startWorking(context: WorkingContext, attempts: JobRuns): Working {
  const { consumer, client, prefix, lease } = context
  const names = consumer.lanes().reduce((sum, { formerly }) => sum + 1 + formerly.length, 0)
  if (names > MOST_WORKERS)
    throw new TypeError(
      `bullmqInbox: ${names} subscriptions of ${consumer.receiver} are too many: each has a worker with a connection to Redis, and ${MOST_WORKERS} is the most; give one handler several topics, spread the subscriptions over receivers in processes of their own, or take postgresInbox`,
    )
  const workers = new Map<string, JobWorker>()
  const start = workerStarter(context, attempts, {
    stopped: () => stopped,
    ended(queue, worker) {
      // The next look makes another.
      if (workers.get(queue) === worker) workers.delete(queue)
    },
  })
  let stopped = false
  let looking = false
  const timer = setInterval(() => void look(), LOOK)
  const behind = setInterval(() => void catchUp(), Math.min(LOOK, lease / 4))
  void look()

  return { close }

  async function close(until: number): Promise<void> {
    stopped = true
    clearInterval(timer)
    clearInterval(behind)
    context.stop()
    // A worker does not end while Redis is unreachable or a handler hangs: nothing here waits longer than `until`.
    const closed = Promise.all([...workers.values()].map((worker) => worker.close()))
    let leave = (): void => {}
    const left = new Promise<void>((resolve) => (leave = resolve))
    const idle = Promise.race([closed, left])
    await closeBy(until, {
      idle: () => idle.then(() => {}),
      abort() {
        for (const worker of workers.values()) worker.cancelAllJobs('the receiver was closed')
      },
      giveBackRunning: () => void attempts.giveBack().then(leave),
      margin: BACK,
    })
  }

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    const shut = await context.shutOut()
    if (shut !== undefined) {
      leaveAll()
      looking = false
      return
    }
    context.look()
    for (const lane of consumer.lanes()) {
      const slots = lane.formerly.length > 0 ? createSemaphore(() => lane.concurrency) : undefined
      for (const name of [lane.name, ...lane.formerly]) {
        const queue = queueName(consumer.receiver, name)
        if (stopped || workers.has(queue)) continue
        const worker = start(queue, lane, slots, workers.size === 0)
        workers.set(queue, worker)
        if (workers.size % AT_ONCE === 0)
          await settledBy(worker.waitUntilReady(), performance.now() + LOOK)
      }
    }
    looking = false
  }

  /** BullMQ goes by the clock of the machine: set back, it would renew no lock and start no retry until it is where it was. */
  async function catchUp(): Promise<void> {
    const now = context.clock()
    if (now <= Date.now()) return
    try {
      await attempts.renew()
      for (const queue of workers.keys()) {
        const due = await client.zrangebyscore(
          `${prefix}:${queue}:delayed`,
          0,
          now * SCORE,
          'LIMIT',
          0,
          AT_A_LOOK,
        )
        await Promise.all(due.map((id) => promoteJob(context.queues, `${queue}:${id}`)))
      }
    } catch (error) {
      context.failed(error as Error)
    }
  }

  /** A newer version has the store: what runs here is given back, and nothing is claimed until it is gone. */
  function leaveAll(): void {
    const all = [...workers.values()]
    workers.clear()
    if (all.length === 0) return
    for (const worker of all) {
      // It claims nothing more from here on, and ends when its handlers do.
      void worker.close().catch(() => {})
      worker.cancelAllJobs('a newer version of Postern has the store')
    }
    void attempts.giveBack()
  }
}
