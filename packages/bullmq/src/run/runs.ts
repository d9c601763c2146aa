import {
  createRunner,
  settledBy,
  suspects,
  type Claim,
  type RunDueResult,
  type EndedClaim,
  type Outcome,
  type Slot,
} from '@postern/core/engine'
import { WebhookError } from '@postern/core'
import { Job, type JobJson } from 'bullmq'
import { randomUUID } from 'node:crypto'
import { promoteJob } from '../accept/revive.ts'
import { runScript } from '../store/connection.ts'
import { queueName, type JobData } from '../store/queues.ts'
import {
  freeStalled,
  freeUnknown,
  holdJob,
  isHeld,
  type HoldResult,
  jobTask,
  type JobTask,
} from './claim.ts'
import { cutOff, missing } from './interruption.ts'
import { finish, isKept, putOff } from './settle.ts'
import { buryBroken, buryUnread, isOdd, type Owner, type RunsContext } from './unread.ts'

export interface Runs {
  work(): void
  drain(until: number, max: number, last?: number): Promise<RunDueResult>
  /** Call this when a queue may have a ready task. */
  ready(queue: string): void
  /** Releases all claims, after Redis was emptied or went back to an older state that lacks these claims. */
  readonly back: () => void
  /** Stops and waits for running tasks (see `Port.close`). */
  close(until: number): Promise<void>
}

// Milliseconds between checks of all queues, since a message about ready tasks may be lost.
const CHECK = 1000
// Milliseconds until the next try. SUSPECT_WAIT: for a suspect (a task whose last three runs were interrupted) while
// another suspect runs. FAILED_WAIT: for a job that could not be read, or whose earlier handler still runs here.
const SUSPECT_WAIT = 2000
const FAILED_WAIT = 1000
// Maximum number of jobs that one round claims.
const MOST = 1000
// Time that is reserved for releasing a task, in milliseconds. A release takes one round trip.
const BACK = 250

/** Before each round of claims, one request asks how many tasks are due in each queue. */
export function createRuns(context: RunsContext): Runs {
  const { client, consumer, queues, prefix, lease } = context
  // All tasks that run in this process. A released task stays here until its handler returns, so that no task runs
  // twice here.
  const here = new Map<string, JobTask>()
  // The common start of the tokens of this receiver's claims, and the tokens of claims that have no reply yet.
  const side = `${randomUUID()}:`
  const claiming = new Set<string>()
  const isKnown = (ref: string, token: string): boolean =>
    claiming.has(token) || here.get(ref)?.owner.token === token
  const unclaim = (): Promise<void> => freeUnknown(context, side, names(), isKnown)
  const tasks = new WeakMap<Claim, JobTask>()
  const leave = (task: JobTask): unknown => here.get(task.ref) === task && here.delete(task.ref)
  // Queues in which this process has seen active jobs.
  const active = new Set<string>()
  const timers: ReturnType<typeof setInterval>[] = []
  let renewing: ReturnType<typeof setInterval> | undefined
  let drains = 0
  // The slot (a subscription's share of the runner) of the last claimed task. The next round starts after this slot, so
  // that all slots share the limit of a drain (one call of `runDue`).
  let last: Slot<JobTask> | undefined
  let shut = false
  const runner = createRunner<JobTask>({
    consumer: { ...consumer, run: runHere },
    // BullMQ counts each claim as a started run, so a task is claimed only when it can run.
    ahead: { time: 0, most: 1 },
    margin: BACK,
    claimOf(task) {
      const onLost: Claim['onLost'] = (stop) => {
        task.stop = stop
        if (task.lost !== undefined) stop(new Error(task.lost))
      }
      const claim = { ...task.held.claim, onLost }
      tasks.set(claim, task)
      return claim
    },
    holds: ({ held }) => performance.now() < held.until,
    settle: (ended) => void settle(ended),
    fetch: (over) =>
      void fetch().then(
        () => over(),
        (error: unknown) => {
          context.failed(error as Error)
          over(true)
        },
      ),
    ended(task, stored) {
      task.ended = true
      task.free?.()
      if (!task.running) leave(task)
      if (stored?.kind === 'done') context.free(1 - (stored.spawn?.length ?? 0))
      if (stored?.kind === 'dead') context.free(1)
    },
    reclaim: () => reclaim(2),
    async rest() {
      const now = context.clock()
      const rest = await runScript(client, 'NEXT', prefix, now, ...names())
      const [left, next] = rest as readonly [number, string]
      return { left, next: next === '' ? undefined : consumer.now() + Number(next) - now }
    },
  })
  const names = (): readonly string[] =>
    runner.slots().flatMap((slot) => slot.names.map((name) => queueName(consumer.receiver, name)))

  return {
    work() {
      timers.push(
        setInterval(() => void look(), CHECK),
        setInterval(() => void reclaim(1).catch(context.failed), Math.max(1, lease / 2)),
      )
      renewOn()
      runner.work()
    },
    async drain(until, max, last) {
      const why = await context.shutOut()
      if (why !== undefined) throw new WebhookError('inbox_unavailable', why)
      drains++
      renewOn()
      try {
        return await runner.drain(until, max, last)
      } finally {
        if (--drains === 0 && timers.length === 0) {
          clearInterval(renewing)
          renewing = undefined
        }
      }
    },
    ready(queue) {
      const slash = queue.indexOf('/')
      if (queue.startsWith(queueName(consumer.receiver, '')))
        runner.ready(decodeURIComponent(queue.slice(slash + 1)))
    },
    back: () => runner.giveBack('Redis lost this claim: its data is older than the claim'),
    async close(until) {
      for (const timer of timers) clearInterval(timer)
      await runner.close(until)
      clearInterval(renewing)
    },
  }

  function runHere(claim: Claim, signal: AbortSignal | undefined): Outcome | Promise<Outcome> {
    const task = tasks.get(claim)!
    task.running = true
    const reported = consumer.run(claim, signal)
    return 'kind' in reported ? over(reported) : reported.then(over)

    function over(outcome: Outcome): Outcome {
      task.running = false
      task.free?.()
      if (task.ended) leave(task)
      return outcome
    }
  }

  async function look(): Promise<void> {
    const why = await context.shutOut()
    // If a newer version shuts this process out of the store, running tasks are released.
    if (why !== undefined && !shut)
      runner.giveBack('a newer version of Postern uses this Redis; upgrade this process')
    shut = why !== undefined
    await unclaim().catch(context.failed)
    runner.look()
  }

  /** Claims due tasks, one task of each slot in rotation. */
  async function fetch(): Promise<void> {
    const hungry = runner.hungry().map(({ slot }) => slot)
    const from = hungry.indexOf(last!) + 1
    const wanted = [...hungry.slice(from), ...hungry.slice(0, from)]
    if ((await context.shutOut()) !== undefined) return
    // `backlog` is reset before the request to Redis, since a task that becomes ready during the request sets `backlog`
    // again.
    for (const slot of wanted) slot.backlog = false
    const due = await dueIn(wanted)
    const claims: Promise<void>[] = []
    for (let open = true; open && claims.length < MOST;) {
      open = false
      for (const slot of wanted) {
        const queue = due.get(slot)!.find(({ ready }) => ready > 0)
        if (!queue || runner.room(slot) < 1) continue
        queue.ready--
        runner.reserve(slot, 1)
        claims.push(claim(slot, queue.name))
        last = slot
        open = true
      }
    }
    for (const slot of wanted)
      if (due.get(slot)!.some(({ ready }) => ready > 0)) slot.backlog = true
    await Promise.all(claims)
  }

  /** Makes due tasks ready, and returns the number of ready tasks in each queue of each slot. */
  async function dueIn(
    slots: readonly Slot<JobTask>[],
  ): Promise<ReadonlyMap<Slot<JobTask>, readonly { readonly name: string; ready: number }[]>> {
    const now = context.clock()
    const its = slots.map((slot) => slot.names.map((name) => queueName(consumer.receiver, name)))
    const reply = await runScript(client, 'DUE', prefix, now, ...its.flat())
    const [next, ...counts] = reply as readonly [string, ...number[]]
    if (next !== '') runner.dueAt(consumer.now() + Number(next) - now)
    let at = 0
    return new Map(
      slots.map((slot, place) => [
        slot,
        its[place]!.map((name) => {
          active[counts[at + 1]! > 0 ? 'add' : 'delete'](name)
          const ready = counts[at]!
          at += 2
          return { name, ready }
        }),
      ]),
    )
  }

  /** Claims one job of a queue. If no job can run, the runner's reserved room is released. */
  async function claim(slot: Slot<JobTask>, name: string): Promise<void> {
    let task: JobTask | undefined
    const token = side + randomUUID()
    claiming.add(token)
    try {
      const backend = (await queues.get(name)).getBackend()
      const found = await backend.moveToActive(token)
      task = await taken(slot, name, token, found as [JobJson?, string?])
    } catch (error) {
      const buried = isOdd(error) ? await buryBroken(context, name).catch(() => 0) : 0
      if (buried === 0) context.failed(error as Error)
      else slot.backlog = true
    }
    claiming.delete(token)
    if (task) runner.start([task])
    else runner.reserve(slot, -1)
  }

  /** Returns the task of a claimed job, if there is a job and it may run. */
  async function taken(
    slot: Slot<JobTask>,
    name: string,
    token: string,
    [json, id]: readonly [JobJson?, string?],
  ): Promise<JobTask | undefined> {
    if (!json) return undefined
    active.add(name)
    const queue = await queues.get(name)
    const job = Job.fromJSON(queue, json, id) as Job<JobData>
    const owner = { job, token, backend: queue.getBackend(), clock: context.clock }
    try {
      return await begin(slot, owner)
    } catch (error) {
      context.failed(error as Error)
      await putBack(owner, FAILED_WAIT).catch(() => {})
      return undefined
    }
  }

  async function begin(slot: Slot<JobTask>, owner: Owner): Promise<JobTask | undefined> {
    const ref = `${owner.job.queueName}:${owner.job.id!}`
    let held: HoldResult
    for (;;) {
      const known = here.get(ref)
      const { ended } = known ?? {}
      // An earlier claim of this task has an outcome or was released, but its handler still runs here.
      if (known && (ended || known.back)) return putBack(owner, FAILED_WAIT)
      if (!runner.active()) return putBack(owner, 0)
      held = await holdJob(context, owner.job, owner.token, false)
      // The script LOAD has given the task a turn (its place in the fair order over tenants). A second LOAD would start
      // the task before this turn.
      if (typeof held === 'number') break
      // Another outcome was stored during the read, so the values that were read may be outdated.
      if (here.get(ref) !== known || known?.ended !== ended) continue
      if (!known || held === 'lost') break
      // The outcome of the earlier run is stored, though this process has no reply yet. So this is the next run.
      if (isHeld(held) && held.attempts !== known.held.attempts) break
      // BullMQ found the job without a lock and returned it again, while the run continues here. The later claim stores
      // the outcome of this run.
      Object.assign(known.owner, owner)
      return undefined
    }
    let free: (() => void) | undefined
    if (held === 'suspect') {
      // If Redis is unreachable, the promotion fails. The job then becomes due after SUSPECT_WAIT.
      free = suspects.take(() => void promoteJob(queues, ref).catch(() => false))
      if (!free) return putBack(owner, SUSPECT_WAIT)
      held = await holdJob(context, owner.job, owner.token, true)
    }
    if (isHeld(held) && held.stalled <= held.seen) {
      const task = jobTask(slot, owner, held, ref, free)
      here.set(ref, task)
      return task
    }
    free?.()
    if (held === 'lost' || held === 'suspect') return undefined
    if (held === 'missing') await missing(context, owner)
    else if (typeof held === 'number') {
      await putOff(owner, 0, { priority: held })
      slot.backlog = true
    } else if ('unread' in held) await buryUnread(context, owner, held.unread)
    else {
      const wait = await cutOff(context, owner, held)
      if (wait !== undefined) runner.dueAt(consumer.now() + wait)
    }
    return undefined
  }

  async function putBack(owner: Owner, time: number): Promise<undefined> {
    await putOff(owner, time)
    runner.dueAt(consumer.now() + time)
  }

  async function settle({ task, outcome, ran, done }: EndedClaim<JobTask>): Promise<void> {
    const { owner, held, slot } = task
    if (!ran) {
      task.back = true
      const back = putOff(owner, 0, { sn: owner.job.stalledCounter }).then(() => outcome)
      return done(await back.catch(() => undefined))
    }
    // Attempts are identified by their start, so the attempt gets `held.startedAt`, which is also stored in the job.
    const duration = Math.round(ran.duration * 1000) / 1000
    // When a worker stores an outcome, it also claims the next job of the queue. A drain (one call of `runDue`) claims
    // no such job, so that all subscriptions share the limit of the drain.
    const more = outcome.kind === 'done' && drains === 0 && runner.active() && runner.room(slot) > 0
    if (more) runner.reserve(slot, 1)
    const { token, job } = owner
    if (more) claiming.add(token)
    const run = { startedAt: held.startedAt, duration }
    const { stored, next } = await finish(context, owner, held, outcome, run, more)
    if (stored && 'at' in stored) runner.dueAt(stored.at)
    done(stored)
    if (!more) return
    const follower = next && (await taken(slot, job.queueName, token, next).catch(context.failed))
    claiming.delete(token)
    if (follower) runner.start([follower])
    else runner.reserve(slot, -1)
  }

  function renewOn(): void {
    renewing ??= setInterval(() => void renew(), Math.max(1, lease / 4))
  }

  /**
   * Renews the locks of running tasks. If a lock is lost, the run continues, since its outcome counts if no other
   * outcome is stored first. The run is stopped only if another claim has the task or has settled it.
   */
  async function renew(): Promise<void> {
    const renewed = [...runner.held()].map(async (task) => {
      if (await isKept(context, task)) return
      task.lost = 'another process claimed or settled this task, because the lease had expired'
      task.stop?.(new Error(task.lost))
    })
    await settledBy(Promise.all(renewed).catch(context.failed), performance.now() + lease)
  }

  async function reclaim(rounds: number): Promise<void> {
    await dueIn(runner.slots())
    await unclaim()
    if (!(await context.steady())) return
    await Promise.all(
      [...active].map(async (name) => freeStalled(context, await queues.get(name), rounds)),
    )
    if (rounds === 1) runner.look()
  }
}
