import type { Buffer } from 'node:buffer'
import { weightOf, type Claim, type RunnerTask, type Slot } from '@postern/core/engine'
import type { Job, Queue } from 'bullmq'
import { PROCESS } from '../journal/attempts.ts'
import { runBuffer, runScript } from '../store/connection.ts'
import { subscriptionOf, type JobData } from '../store/queues.ts'
import { decodeStored } from '../accept/encode.ts'
import { isOdd, type Owner, type RunsContext } from './unread.ts'

interface Start {
  /** Start of the run, in milliseconds since 1970. */
  readonly startedAt: number
  /** Time on the clock of `performance.now()` until which the lock certainly holds. */
  readonly until: number
}

export interface HeldJob extends Start {
  readonly claim: Claim
  /**
   * `stalled`: how often BullMQ found the job without a lock. `seen`: how many of these times earlier claims handled.
   */
  readonly stalled: number
  readonly seen: number
  /** `cut`: interruptions since the last outcome. `charged`: those of them that count toward a poison pill. */
  readonly cut: number
  readonly charged: number
  /** `<start> <process>` of the last run. */
  readonly before: string
  readonly attempts: string
  /** Length of the stored event in bytes. */
  readonly bytes: number
}

interface Unread {
  readonly unread: string
}

/**
 * `lost`: the claim lost its lock. `missing`: the event is missing. `suspect`: the task was interrupted three times in
 * a row, and may not start now. A number: the task must wait for this turn, its place in the fair order over tenants.
 * An `Unread`: the stored job or event cannot be read.
 */
export type HoldResult = HeldJob | 'lost' | 'missing' | 'suspect' | number | Unread

// After the script LOAD has run, the lock holds for at least this share of the lease.
const SURE = 0.9

type Reply = readonly Buffer[]

/**
 * Reads a claimed job with its event, and renews its lock if needed. `suspect`: true if a task may start although its
 * last three runs were interrupted.
 *
 * If Redis was unreachable, the reply may be late. Meanwhile the lock may have ended, and another process may have run
 * and settled the task. So if the lock may have ended before the reply came, the job is read again.
 */
export async function holdJob(
  { client, prefix, lease, consumer }: RunsContext,
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
      const loaded = runBuffer(client, 'LOAD', prefix, ...args, suspect ? 1 : '')
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

export interface JobTask extends RunnerTask<JobTask> {
  readonly owner: Owner
  readonly held: HeldJob
  readonly ref: string
  /** Lets the next suspect start. Undefined if this task is not a suspect (a task interrupted three times in a row). */
  readonly free: (() => void) | undefined
  running: boolean
  ended: boolean
  /** True after the claim was released without an outcome. */
  back: boolean
  lost: string | undefined
  stop: ((reason: Error) => void) | undefined
}

/** If the task is a suspect, `free` lets the next suspect start. */
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

export function isHeld(found: HoldResult): found is HeldJob {
  return typeof found === 'object' && 'claim' in found
}

/** Returns true if another claim has the job or has settled it, or if the job was deleted. */
export async function isElsewhere(
  { client, prefix }: RunsContext,
  ref: string,
  token: string,
): Promise<boolean> {
  const lock = await client.get(`${prefix}:${ref}:lock`)
  if (lock !== null) return lock !== token
  const [data, ended] = await client.hmget(`${prefix}:${ref}`, 'data', 'finishedOn')
  return data === null || ended !== null
}

/**
 * Frees jobs without a lock. Each round is one check by BullMQ. A check frees only jobs that the check before has
 * marked, so two rounds are needed to free a job immediately. BullMQ allows one check per interval. If `rounds` is more
 * than 1, this limit is removed.
 */
export async function freeStalled(
  { client }: RunsContext,
  queue: Queue,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    if (rounds > 1) await client.del(queue.toKey('stalled-check'))
    await queue.getBackend().moveStalledJobsToWait()
  }
}

/**
 * Frees jobs that this process has claimed without knowing it, since the replies were lost. `side` is the common start
 * of the tokens of this process.
 */
export async function freeUnknown(
  { client, prefix }: RunsContext,
  side: string,
  queues: readonly string[],
  isKnown: (ref: string, token: string) => boolean,
): Promise<void> {
  const own = (await runScript(client, 'CLAIMS', prefix, side, ...queues)) as string[]
  const lost = own.flatMap((ref, at) =>
    at % 2 === 1 || isKnown(ref, own[at + 1]!) ? [] : [ref, own[at + 1]!],
  )
  if (lost.length > 0) await runScript(client, 'UNCLAIM', prefix, ...lost)
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
