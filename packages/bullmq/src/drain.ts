import { setTimeout as sleep } from 'node:timers/promises'
import { settledBy, type Drained } from '@postern/core/inbox'
import { Job, type JobJson, type Queue } from 'bullmq'
import { randomUUID } from 'node:crypto'
import type { Attempts, Finished } from './attempt.ts'
import { run } from './connection.ts'
import type { Ran } from './interruption.ts'
import { queueName } from './names.ts'
import type { JobData } from './queues.ts'
import { store, type Owner, type SettleContext } from './settle.ts'

interface Round {
  readonly until: number
  readonly max: number
  readonly signal: AbortSignal
  readonly held: Set<Owner>
  started: number
  /** When the last of the interrupted tasks that were found may run again. */
  due: number
  readonly counts: Record<'ran' | 'done' | 'retried' | 'dead' | 'postponed', number>
}

/**
 * Makes `Port.drain`. It claims by hand what is due, as many of a subscription at once as its concurrency. A task found
 * interrupted waits a little, by the rule of interruptions, and runs within the same drain if there is time.
 */
export function createDrain(
  context: SettleContext,
  attempts: Attempts,
): (until: number, max: number) => Promise<Drained> {
  const { consumer, queues, client, prefix, lease } = context

  return async function drain(until, max) {
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
    const abort = new AbortController()
    const counts = { ran: 0, done: 0, retried: 0, dead: 0, postponed: 0 }
    const held = new Set<Owner>()
    const round: Round = { until, max, signal: abort.signal, held, started: 0, due: 0, counts }
    const over = setTimeout(() => abort.abort(), Math.max(0, until - Date.now()))
    const renewing = setInterval(() => void renew(held), Math.max(1, lease / 4))
    try {
      for (;;) {
        const before = round.started
        await Promise.all(
          opened.flatMap(({ queue, concurrency }) =>
            Array.from({ length: Math.min(concurrency, max) }, () => work(queue, round)),
          ),
        )
        const now = Date.now()
        if (round.started >= max || now >= until) break
        if (round.due > now && round.due < until) await sleep(round.due - now)
        else if (round.started === before) break
      }
    } finally {
      clearTimeout(over)
      clearInterval(renewing)
    }
    const [left, next] = (await run(
      client,
      'posternNext',
      prefix,
      Date.now(),
      ...names,
    )) as readonly [number, string]
    return { ...counts, left, next: next === '' ? undefined : Number(next) }
  }

  async function work(queue: Queue, round: Round): Promise<void> {
    while (round.started < round.max && Date.now() < round.until) {
      round.started++
      const owner = await claim(queue)
      const ran = owner && (await attempt(owner, round))
      // What did not run leaves its place to another.
      if (!ran?.ran) round.started--
      if (!ran) return
    }
  }

  async function claim(queue: Queue): Promise<Owner | undefined> {
    const token = randomUUID()
    const backend = queue.getBackend()
    const [json, id] = (await backend.moveToActive(token)) as [JobJson | undefined, string]
    if (!json) return undefined
    const job = Job.fromJSON(queue, json, id) as Job<JobData>
    return { job, token, backend }
  }

  async function attempt(owner: Owner, round: Round): Promise<Ran> {
    const { counts } = round
    round.held.add(owner)
    const ran = await attempts.run(owner, round.signal)
    if (ran.finished && !(await complete(owner, ran.finished))) counts.done--
    round.held.delete(owner)
    if (ran.due !== undefined) round.due = Math.max(round.due, ran.due)
    if (ran.ran) counts.ran++
    if (ran.kind === 'done') counts.done++
    else if (ran.kind === 'retry') counts.retried++
    else if (ran.kind === 'dead') counts.dead++
    else if (ran.kind === 'postpone') counts.postponed++
    return ran
  }

  async function complete(owner: Owner, { held, outcome, value }: Finished): Promise<boolean> {
    const { job, token, backend } = owner
    const stored = await store(context, owner, held, () =>
      backend.moveToCompleted(job, value, undefined as never, token, false),
    )
    consumer.settled(held.claim, outcome, stored)
    return stored
  }

  async function renew(held: ReadonlySet<Owner>): Promise<void> {
    const all = [...held].map(({ job, token, backend }) =>
      backend.extendLock(job.id!, token, lease),
    )
    // A lock that could not be renewed is taken back when the run ends, if nobody settled the task since.
    await settledBy(Promise.allSettled(all), Date.now() + lease)
  }

  /**
   * Frees jobs without a lock. BullMQ's check marks what is active and frees what it marked the last time and still has no
   * lock, at most once in an interval: two checks at once free all of them.
   */
  async function reclaim(queue: Queue): Promise<void> {
    const backend = queue.getBackend()
    for (let round = 0; round < 2; round++) {
      await client.del(queue.toKey('stalled-check'))
      await backend.moveStalledJobsToWait()
    }
  }
}
