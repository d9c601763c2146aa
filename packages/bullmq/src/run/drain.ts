import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebhookError } from '@postern/core'
import { closeBy, settledBy, timeTo, type Drained } from '@postern/core/inbox'
import { Job, type JobJson, type Queue } from 'bullmq'
import type { AttemptContext, JobRuns } from './attempt.ts'
import type { ClaimEnd, Finished } from './claim-end.ts'
import { runScript } from '../store/connection.ts'
import { queueName } from '../store/names.ts'
import type { JobData } from '../store/queues.ts'
import { store, type Owner } from './settle.ts'
import { buryBroken, isOdd } from './unread.ts'

/** One call of `Port.drain`. */
export interface Draining {
  readonly drained: Promise<Drained>
  /** Ends it by a time, in milliseconds since 1970, as a receiver that closes. */
  close(until: number): Promise<void>
}

// Milliseconds before the deadline in which nothing starts.
const LAST = 1000

/**
 * Runs due tasks. It claims by itself, for each subscription as many at once as its concurrency. An interrupted task
 * waits by the rule of interruptions, and runs within the same drain if there is time.
 */
export function startDrain(
  context: AttemptContext,
  attempts: JobRuns,
  until: number,
  max: number,
  last: number = LAST,
): Draining {
  const { consumer, queues, client, prefix, lease } = context
  const counts = { ran: 0, done: 0, retried: 0, dead: 0, postponed: 0 }
  const held = new Set<Owner>()
  const abort = new AbortController()
  let started = 0
  let due = 0
  let stopped = false
  let leave = (): void => {}
  const left = new Promise<void>((resolve) => (leave = resolve))
  const drained = drain()
  return {
    drained,
    close(by: number) {
      stopped = true
      const ended = drained.then(
        () => {},
        () => {},
      )
      const host = { idle: () => ended, abort: () => abort.abort(), giveBackRunning, margin: last }
      return closeBy(by, host)
    },
  }

  async function drain(): Promise<Drained> {
    const shut = await context.shutOut()
    if (shut !== undefined) throw new WebhookError('inbox_unavailable', shut)
    const lanes = consumer.lanes().flatMap(({ name, formerly, concurrency }) =>
      [name, ...formerly].map((each) => ({
        name: queueName(consumer.receiver, each),
        concurrency,
      })),
    )
    const names = lanes.map(({ name }) => name)
    await queues.ready(names)
    const opened = await Promise.all(
      lanes.map(async (lane) => ({ ...lane, queue: await queues.get(lane.name) })),
    )
    await Promise.all(opened.map(({ queue }) => reclaim(queue)))
    const renewing = setInterval(() => void renew(), Math.max(1, lease / 4))
    const timers = [
      setTimeout(() => (stopped = true), timeTo(until - last)),
      // Of the last part, handlers get half to end, and storing given-back tasks a quarter.
      setTimeout(() => abort.abort(), timeTo(until - last / 2)),
      setTimeout(giveBackRunning, timeTo(until - last / 4)),
    ]
    try {
      await Promise.race([rounds(opened), left])
    } finally {
      stopped = true
      clearInterval(renewing)
      for (const timer of timers) clearTimeout(timer)
    }
    const rest = runScript(client, 'posternNext', prefix, Date.now(), ...names)
    const [waiting, next] = (await rest) as readonly [number, string]
    return { ...counts, left: waiting, next: next === '' ? undefined : Number(next) }
  }

  async function rounds(
    lanes: readonly { readonly queue: Queue; readonly concurrency: number }[],
  ): Promise<void> {
    for (;;) {
      const before = started
      await Promise.all(lanes.map(({ queue, concurrency }) => work(queue, concurrency - 1)))
      const wait = due - Date.now()
      if (started >= max || isOver()) return
      if (wait > 0 && wait < timeTo(until - last)) await Promise.race([sleep(wait), left])
      else if (started === before) return
    }
  }

  /** Runs one task after another. When it finds its first task, another loop starts beside it. */
  async function work(queue: Queue, more: number): Promise<void> {
    let beside: Promise<void> | undefined
    while (started < max && !isOver()) {
      started++
      const owner = await claim(queue)
      if (owner && more > 0) beside ??= work(queue, more - 1)
      const ran = owner && (await attempt(owner))
      // A task that did not run leaves its place to another.
      if (!ran?.ran) started--
      if (!ran) break
    }
    await beside
  }

  function isOver(): boolean {
    return stopped || performance.now() >= until - last
  }

  async function claim(queue: Queue): Promise<Owner | undefined> {
    const token = randomUUID()
    const backend = queue.getBackend()
    try {
      const [json, id] = (await backend.moveToActive(token)) as [JobJson | undefined, string]
      if (!json) return undefined
      const job = Job.fromJSON(queue, json, id) as Job<JobData>
      return { job, token, backend, clock: context.clock }
    } catch (error) {
      const buried = isOdd(error) ? await buryBroken(context, queue.name) : 0
      if (buried === 0) throw error
      counts.dead += buried
      return claim(queue)
    }
  }

  async function attempt(owner: Owner): Promise<ClaimEnd> {
    held.add(owner)
    const ran = await attempts.run(owner, abort.signal)
    const stored = !ran.finished || (await complete(owner, ran.finished))
    held.delete(owner)
    if (ran.due !== undefined) due = Math.max(due, ran.due)
    if (ran.ran) counts.ran++
    if (ran.kind === 'done' && stored) counts.done++
    else if (ran.kind === 'retry') counts.retried++
    else if (ran.kind === 'dead') counts.dead++
    else if (ran.kind === 'postpone') counts.postponed++
    return ran
  }

  async function complete(
    owner: Owner,
    { held: its, outcome, value, ran }: Finished,
  ): Promise<boolean> {
    const { job, token, backend } = owner
    const write = (): Promise<unknown> =>
      backend.moveToCompleted(job, value, undefined as never, token, false)
    const stored = await store(context, owner, its, write, true)
    consumer.settled(its.claim, outcome, stored, ran)
    return stored
  }

  function giveBackRunning(): void {
    void attempts.giveBack().then((count) => {
      counts.ran += count
      counts.postponed += count
      leave()
    })
  }

  async function renew(): Promise<void> {
    const all = [...held].map(({ job, token, backend }) =>
      backend.extendLock(job.id!, token, lease),
    )
    // A lock that could not be renewed is taken back when the run ends, if the task was not settled since.
    await settledBy(Promise.allSettled(all), performance.now() + lease)
  }

  /**
   * Frees jobs without a lock. BullMQ's check marks active jobs, and frees jobs that were marked the last time and have
   * no lock, at most once in an interval: two checks in a row free all of them.
   */
  async function reclaim(queue: Queue): Promise<void> {
    const backend = queue.getBackend()
    for (let round = 0; round < 2; round++) {
      await client.del(queue.toKey('stalled-check'))
      await backend.moveStalledJobsToWait()
    }
  }
}
