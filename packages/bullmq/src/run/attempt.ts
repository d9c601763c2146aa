import type { MaybePromise } from '@postern/core'
import { stopwatchOf, suspects, type Outcome, type Ran } from '@postern/core/inbox'
import { holdJob, type ClaimPlace, type HeldJob, type HoldResult } from './claim.ts'
import { NO_CLAIM_END, type ClaimEnd } from './claim-end.ts'
import { cutOff, missing, putBack, unreadableJob } from './interruption.ts'
import { promoteJob } from '../accept/revive.ts'
import { finish } from './finish.ts'
import { putOff, type Owner, type SettleContext } from './settle.ts'

/** The receiver's side as attempts see it. */
export interface AttemptContext extends SettleContext {
  readonly keepDone: number
  /** True once closing began: jobs that are handed over now go back at once. */
  readonly closing: () => boolean
  /** As `ServerWatch.shutOut`. */
  readonly shutOut: () => MaybePromise<string | undefined>
}

/** Runs jobs that were claimed. */
export interface JobRuns {
  /**
   * Runs one attempt and stores its outcome, except `done`, which the caller stores. It never rejects.
   */
  run(owner: Owner, signal: AbortSignal | undefined): Promise<ClaimEnd>
  /**
   * Makes the running tasks pending again as they were claimed; later outcomes are refused. Resolves with their number
   * when that is stored.
   */
  giveBack(): Promise<number>
  /** Renews the locks of what runs here. */
  renew(): Promise<void>
  /** True if a job runs here that another claim has, or has settled. */
  taken(id: string): Promise<boolean>
}

/** A task that runs in this process, by its id. */
export interface Running {
  /** The claim that stores the outcome: a later claim of a job that still runs here takes over. */
  owner: Owner
  readonly held: HeldJob
  /** Frees the place of a suspect. */
  readonly free: (() => void) | undefined
  readonly place: ClaimPlace
  back: boolean
  hear: ((outcome: Outcome, ran: Ran) => void) | undefined
}

interface Begun {
  readonly held: HeldJob
  readonly free?: () => void
}

// How long a suspect waits for a free place before it tries again, and a job that Redis refused to read or that is not for
// this version.
const SUSPECT_WAIT = 2000
const FAILED_WAIT = 1000

/** Makes an {@link JobRuns}. All attempts of a receiver share one register of running tasks: no task runs twice in one process. */
export function createJobRuns(context: AttemptContext, running: Map<string, Running>): JobRuns {
  const { consumer, lease } = context
  const stopwatch = stopwatchOf(consumer)
  const own = new Set<Running>()

  return {
    async run(owner, signal) {
      const known = running.get(refOf(owner))
      if (known && !known.back) return join(known, owner)
      const place: ClaimPlace = {}
      try {
        // It was given back to other processes, and its run goes on here.
        if (known) return await putBack(owner, context.closing() ? 0 : FAILED_WAIT)
        const begun = context.closing() ? await putBack(owner, 0) : await begin(owner, place)
        if (!('held' in begun)) return begun
        return await execute(owner, { ...begun, place }, signal)
      } catch (error) {
        if (!context.ended()) context.failed(error as Error)
        return putBack(owner, FAILED_WAIT).catch(() => NO_CLAIM_END)
      } finally {
        place.free?.()
      }
    },
    async giveBack() {
      const all = [...own].filter(({ back }) => !back)
      await Promise.allSettled(
        all.map((one) => {
          one.back = true
          one.free?.()
          one.place.free?.()
          return putOff(one.owner, 0, { sn: one.owner.job.stalledCounter })
        }),
      )
      return all.length
    },
    async renew() {
      const all = [...own].filter(({ back }) => !back)
      // One that is lost is taken back when the run ends, if the task was not settled since.
      await Promise.allSettled(
        all.map(({ owner: { job, token, backend } }) => backend.extendLock(job.id!, token, lease)),
      )
    },
    async taken(id) {
      const one = running.get(id)
      if (!one) return false
      const lock = await context.client.get(`${context.prefix}:${id}:lock`)
      if (lock !== null) return lock !== one.owner.token
      const job = `${context.prefix}:${id}`
      const [data, ended] = await context.client.hmget(job, 'data', 'finishedOn')
      return data === null || ended !== null
    },
  }

  async function begin(owner: Owner, place: ClaimPlace): Promise<Begun | ClaimEnd> {
    const shut = context.shutOut()
    if (shut !== undefined && (await shut) !== undefined) return putBack(owner, FAILED_WAIT)
    const held = await holdJob(context, owner.job, owner.token, false, place)
    if (held === 'lost') return NO_CLAIM_END
    if (held === 'suspect') return beginSuspect(owner, place)
    return claimed(owner, held)
  }

  async function beginSuspect(owner: Owner, place: ClaimPlace): Promise<Begun | ClaimEnd> {
    const free = suspects.take(() => void wake(owner))
    if (!free) return putBack(owner, SUSPECT_WAIT)
    let begun: Begun | ClaimEnd = NO_CLAIM_END
    try {
      const held = await holdJob(context, owner.job, owner.token, true, place)
      if (held !== 'lost' && held !== 'suspect') begun = await claimed(owner, held)
    } finally {
      if (!('held' in begun)) free()
    }
    return 'held' in begun ? { ...begun, free } : begun
  }

  async function claimed(
    owner: Owner,
    held: Exclude<HoldResult, 'lost' | 'suspect'>,
  ): Promise<Begun | ClaimEnd> {
    if (held === 'missing') return missing(context, owner)
    if (typeof held === 'number') return putBack(owner, 0, { priority: held })
    if ('unread' in held) return unreadableJob(context, owner, held.unread)
    if (context.closing()) return putBack(owner, 0)
    if (held.stalled > held.seen) return cutOff(context, owner, held)
    return { held }
  }

  function execute(
    owner: Owner,
    { held, free, place }: Begun & { readonly place: ClaimPlace },
    signal: AbortSignal | undefined,
  ): MaybePromise<ClaimEnd> {
    const one: Running = { owner, held, free, place, back: false, hear: undefined }
    const id = refOf(owner)
    running.set(id, one)
    own.add(one)
    const began = stopwatch()
    const reported = consumer.run(held.claim, signal)
    return 'kind' in reported ? end(reported) : reported.then(end)

    function end(outcome: Outcome): MaybePromise<ClaimEnd> {
      // Measured once, to the microsecond.
      const duration = Math.round((stopwatch() - began) * 1000) / 1000
      const ran = { startedAt: held.startedAt, duration }
      running.delete(id)
      own.delete(one)
      free?.()
      one.hear?.(outcome, ran)
      if (one.back) consumer.settled(held.claim, outcome, false, ran)
      return one.back || one.owner !== owner ? { ran: true } : finish(context, one, outcome, ran)
    }
  }

  /** BullMQ found a job without a lock and handed it over again: one run, whose outcome the later claim stores. */
  async function join(one: Running, owner: Owner): Promise<ClaimEnd> {
    one.owner = owner
    const [outcome, ran] = await new Promise<[Outcome, Ran]>((resolve) => {
      const before = one.hear
      one.hear = (...heard) => (before?.(...heard), resolve(heard))
    })
    return one.back || one.owner !== owner ? NO_CLAIM_END : finish(context, one, outcome, ran)
  }

  async function wake({ job }: Owner): Promise<void> {
    // If Redis is unreachable, the job is due soon anyway.
    await promoteJob(context.queues, refOf({ job })).catch(() => false)
  }
}

function refOf({ job }: Pick<Owner, 'job'>): string {
  return `${job.queueName}:${job.id!}`
}
