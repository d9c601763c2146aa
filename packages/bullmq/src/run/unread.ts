import { causeOf, type Consumer, parsed, type UnreadTeller } from '@postern/core/engine'
import type { MaybePromise } from '@postern/core/internal'
import type { TaskError } from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'
import { isFenced, keptStack, reasonOf } from '../store/errors.ts'
import type { Job } from 'bullmq'
import type { JobBackend, JobData, Queues } from '../store/queues.ts'

export interface RunsContext {
  readonly consumer: Consumer
  readonly unread: UnreadTeller
  readonly client: RedisClient
  readonly queues: Queues
  readonly prefix: string
  readonly lease: number
  /** How long event ids are remembered, in milliseconds. */
  readonly keepDone: number
  /** Subtracts ended tasks from the count of open tasks. A negative number adds tasks. */
  readonly free: (tasks: number) => void
  /** Called with errors that nothing else reports. */
  readonly failed: (error: unknown) => void
  /**
   * The store's clock, in milliseconds since 1970. All machines use this clock to decide whether a delayed task is due.
   */
  readonly clock: () => number
  /** Resolves with false if leases must not end now (see `Joined.steady`). */
  readonly steady: () => Promise<boolean>
  /** Returns why this process must not use the store (see `ServerWatch.shutOut`). */
  readonly shutOut: () => MaybePromise<string | undefined>
  /** True after the inbox has closed. */
  readonly ended: () => boolean
}

// ODD matches errors in stored data, for example a key of a wrong type or a count that is not a number. STATE matches
// errors about the state or the permissions of Redis. In Redis 6, a dash comes before the error's name.
const ODD =
  /^(?:WRONGTYPE|ERR (?:user_script|Error running script|(?:hash )?value is not an? |increment or decrement))/
const STATE = /-?\b(?:OOM|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|BUSY|LOADING|CLUSTERDOWN|NOPERM)\b/

/** Returns true for an error in stored data, which another try does not fix. */
export function isOdd(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof TypeError) return true
  return error instanceof Error && ODD.test(error.message) && !STATE.test(error.message)
}

export type JobFields = Readonly<Record<string, string | number>>

/** Returns the fields in which BullMQ's tools and this package look for an error. */
export function errorFields(error: TaskError): {
  readonly stacktrace: string
  readonly cs: string
} {
  return { stacktrace: JSON.stringify([keptStack(error)]), cs: causeOf(error) }
}

export function bury(
  { job, token, backend }: Owner,
  error: TaskError,
  fields: JobFields,
): Promise<unknown> {
  return backend.moveToFailed(job, reasonOf(error), undefined as never, token, false, fields)
}

/** Makes an unreadable task dead, and reports it once. Returns false if the claim was lost. */
export async function buryUnread(
  context: RunsContext,
  owner: Owner,
  message: string,
): Promise<boolean> {
  const { consumer, client, prefix } = context
  const { queueName: queue, id } = owner.job
  // If a part of the job is broken, BullMQ's own script would fail half-way.
  const broken = await brokenPart(client, `${prefix}:${queue}:${id!}`)
  const error = unread(broken?.why ?? message)
  try {
    if (broken) {
      if (!(await buryAsIs(context, queue, id!, error, broken, owner.token))) return false
    } else await bury(owner, error, errorFields(error))
  } catch (failure) {
    if (isFenced(failure)) return false
    throw failure
  }
  tell(consumer, `${owner.job.queueName}:${owner.job.id!}`, error)
  return true
}

/** Makes claimed jobs dead if BullMQ cannot read them and would claim them forever. Resolves with their number. */
export async function buryBroken(context: RunsContext, queue: string): Promise<number> {
  const { client, consumer, prefix } = context
  const ids = await client.lrange(`${prefix}:${queue}:active`, 0, -1)
  let buried = 0
  for (const id of ids) {
    const broken = await brokenPart(client, `${prefix}:${queue}:${id}`)
    if (!broken) continue
    const error = unread(broken.why)
    if (!(await buryAsIs(context, queue, id, error, broken))) continue
    buried++
    tell(consumer, `${queue}:${id}`, error)
  }
  return buried
}

interface BrokenPart {
  readonly why: string
  /** The field to delete, so that a replay can run the task. */
  readonly field?: string
}

/** Makes an active job dead with BURY. Returns false if the job is not active, or if another claim has it. */
async function buryAsIs(
  { client, prefix, clock }: RunsContext,
  queue: string,
  id: string,
  error: TaskError,
  { field = '' }: BrokenPart,
  token = '',
): Promise<boolean> {
  const fields = Object.entries({ ...errorFields(error), failedReason: reasonOf(error) }).flat()
  const args = [queue, id, clock(), token, field, ...fields]
  return (await runScript(client, 'BURY', prefix, ...args)) === 1
}

const PARTS = ['data', 'opts', 'progress', 'parent'] as const
const COUNTS = ['atm', 'ats', 'stc', 'sn', 'cut', 'chg'] as const

/** Returns the part of a job that BullMQ cannot read, or undefined if BullMQ can read the whole job. */
async function brokenPart(client: RedisClient, key: string): Promise<BrokenPart | undefined> {
  try {
    const texts = await client.hmget(key, ...PARTS, ...COUNTS)
    const at = PARTS.findIndex((_, part) => texts[part] && parsed(texts[part]) === undefined)
    if (at >= 0)
      return { why: `its ${PARTS[at]!} is not JSON`, ...(at > 1 && { field: PARTS[at]! }) }
    if (texts[1] && !isObject(texts[1])) return { why: 'its opts are not an object' }
    // BullMQ parses `parent` even if it is an empty string.
    if (texts[3] != null && !isObject(texts[3]))
      return { why: 'its parent is not an object', field: 'parent' }
    const field = COUNTS.find((_, count) => !isCount(texts[PARTS.length + count]))
    return field && { why: `its ${field} is not a number`, field }
  } catch (error) {
    if (isOdd(error)) return { why: 'its key is not a hash' }
    throw error
  }
}

function isObject(text: string): boolean {
  const value = parsed(text)
  return typeof value === 'object' && value !== null
}

function isCount(text: string | null | undefined): boolean {
  return text == null || /^-?\d{1,15}$/.test(text)
}

function unread(message: string): TaskError {
  return { name: 'UnreadableTask', message }
}

function tell(consumer: Consumer, job: string, { message }: TaskError): void {
  consumer.warn(`bullmqInbox: job ${job} is dead, since it cannot be read: ${message}`)
}

/** The claim that stores the outcome of a job. If the job is claimed again during its run, the new claim is used. */
export interface Owner {
  readonly job: Job<JobData>
  readonly token: string
  readonly backend: JobBackend
  readonly clock: () => number
}
