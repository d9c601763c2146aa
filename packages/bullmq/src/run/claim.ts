import type { Buffer } from 'node:buffer'
import {
  weightOf,
  type Claim,
  type Consumer,
  type RunnerTask,
  type Slot,
} from '@postern/core/engine'
import type { Job, Queue } from 'bullmq'
import { PROCESS } from '../journal/attempts.ts'
import { runBuffer, runScript, type RedisClient } from '../store/connection.ts'
import { subscriptionOf, type JobData } from '../store/queues.ts'
import { decodeStored } from '../store/stored.ts'
import { isOdd, type Owner } from './unread.ts'

interface Start {
  /** When the run starts, in milliseconds since 1970. */
  readonly startedAt: number
  /** Until when the lock certainly holds, by `performance.now()`. */
  readonly until: number
}

/** A claimed job with the fields of its hash. */
export interface HeldJob extends Start {
  readonly claim: Claim
  /** How often BullMQ found the job without a lock, and how many of these are already counted. */
  readonly stalled: number
  readonly seen: number
  /** Interruptions since the last outcome, and those charged. */
  readonly cut: number
  readonly charged: number
  /** `<start> <process>` of the run before. */
  readonly before: string
  /** Attempts so far, as stored. */
  readonly attempts: string
  /** Length of the stored event. */
  readonly bytes: number
}

/** A claimed job that cannot be read, and why. */
interface Unread {
  readonly unread: string
}

/** What {@link holdJob} found. */
export type HoldResult = HeldJob | 'lost' | 'missing' | 'suspect' | number | Unread

/** The argument of {@link holdJob}. */
interface HoldContext {
  readonly client: RedisClient
  readonly consumer: Consumer
  readonly prefix: string
  readonly lease: number
}

// The part of the lease that a lock still holds when LOAD replies.
const SURE = 0.9

type Reply = readonly Buffer[]

/**
 * Reads a claimed job with its event, and renews its lock if that is not fresh. `lost` if the lock is no longer this claim's, `missing` if
 * its event is not there, `suspect` if it is one and may not start, a number if it is to wait for that turn, `unread` says why it cannot be read.
 * `suspect`: it may start although it is one.
 *
 * The reply may be late if Redis was unreachable: another process may have run and settled the task since. So a reply
 * that is older than the lock is asked for again.
 */
export async function holdJob(
  { client, prefix, lease, consumer }: HoldContext,
  job: Job<JobData>,
  token: string,
  suspect: boolean,
): Promise<HoldResult> {
  for (;;) {
    const asked = performance.now()
    const startedAt = consumer.now()
    const args = [`${job.queueName}:${job.id!}`, token, lease, `${startedAt} ${PROCESS}`]
    let reply: Reply | 0 | 1 | 2 | null
    try {
      const loaded = runBuffer(client, 'posternLoad', prefix, ...args, suspect ? 1 : '')
      reply = (await loaded) as typeof reply
    } catch (error) {
      if (isOdd(error)) return unreadOf(error)
      throw error
    }
    if (reply === 0) return 'lost'
    const until = asked + lease * SURE
    if (performance.now() >= until) continue
    if (reply === null) return 'missing'
    if (reply === 1) return 'suspect'
    if (reply === 2) return { unread: 'its counts are not numbers, or its parent is not an object' }
    if (reply.length === 1) return Number(reply[0])
    try {
      return read(job, reply, { startedAt, until })
    } catch (error) {
      return unreadOf(error)
    }
  }
}

/** A claimed job. */
export interface JobTask extends RunnerTask<JobTask> {
  readonly owner: Owner
  readonly held: HeldJob
  readonly ref: string
  /** Frees the place of a suspect. */
  readonly free: (() => void) | undefined
  /** True while its handler runs, and once its claim is over. */
  running: boolean
  ended: boolean
  /** True once it is released. */
  back: boolean
  lost: string | undefined
  stop: ((reason: Error) => void) | undefined
}

/** The task of a job that was read; `free` gives back the place of a suspect. */
export function jobTask(
  slot: Slot<JobTask>,
  owner: Owner,
  held: HeldJob,
  ref: string,
  free?: () => void,
): JobTask {
  return {
    slot,
    owner,
    held,
    ref,
    free,
    weight: weightOf(held.claim.delivery.body, { length: held.bytes }),
    running: false,
    ended: false,
    back: false,
    lost: undefined,
    stop: undefined,
    place: -1,
    over: false,
    returned: false,
    committed: undefined,
    started: 0,
    startedAt: 0,
  }
}

/** True for a job that was read. */
export function isHeld(found: HoldResult): found is HeldJob {
  return typeof found === 'object' && 'claim' in found
}

/** True if another claim has a job that had this token, or has settled it. */
export async function isElsewhere(
  { client, prefix }: Pick<HoldContext, 'client' | 'prefix'>,
  ref: string,
  token: string,
): Promise<boolean> {
  const lock = await client.get(`${prefix}:${ref}:lock`)
  if (lock !== null) return lock !== token
  const [data, ended] = await client.hmget(`${prefix}:${ref}`, 'data', 'finishedOn')
  return data === null || ended !== null
}

/**
 * Frees jobs without a lock. BullMQ's check marks active jobs, and frees jobs that were marked the last time and have
 * no lock, at most once in an interval: two checks in a row free all of them.
 */
export async function freeStalled(
  { client }: Pick<HoldContext, 'client'>,
  queue: Queue,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    if (rounds > 1) await client.del(queue.toKey('stalled-check'))
    await queue.getBackend().moveStalledJobsToWait()
  }
}

/** Makes jobs ready again that this side claimed and does not know: the reply was lost. Its tokens begin with `side`. */
export async function freeUnknown(
  { client, prefix }: Pick<HoldContext, 'client' | 'prefix'>,
  side: string,
  queues: readonly string[],
  isKnown: (ref: string, token: string) => boolean,
): Promise<void> {
  const own = (await runScript(client, 'posternClaims', prefix, side, ...queues)) as string[]
  const lost = own.flatMap((ref, at) =>
    at % 2 === 1 || isKnown(ref, own[at + 1]!) ? [] : [ref, own[at + 1]!],
  )
  if (lost.length > 0) await runScript(client, 'posternUnclaim', prefix, ...lost)
}

function unreadOf(error: unknown): Unread {
  return { unread: error instanceof Error ? error.message : String(error) }
}

function read(job: Job<JobData>, reply: Reply, start: Start): HeldJob {
  const [event, head, body, id, ...own] = reply as [Buffer, Buffer, Buffer, Buffer, ...Buffer[]]
  const [stalled, seen, cut, charged, before, attempts] = own.map(String)
  const { record, delivery } = decodeStored([event, head, body])
  if (typeof (job.data as JobData | undefined)?.e !== 'string')
    throw new TypeError('its data is not what Postern stored')
  return {
    claim: {
      id: id.toString(),
      subscription: subscriptionOf(job.queueName),
      part: job.data.p,
      data: job.data.d,
      event: record,
      delivery,
      attempt: job.attemptsMade + 1,
    },
    ...start,
    stalled: Number(stalled ?? 0),
    seen: Number(seen ?? 0),
    cut: Number(cut ?? 0),
    charged: Number(charged ?? 0),
    before: before ?? '',
    attempts: attempts ?? '',
    bytes: event.length,
  }
}
