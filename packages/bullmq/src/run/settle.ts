import { setTimeout as sleep } from 'node:timers/promises'
import type { Attempt, TaskError } from '@postern/core/inbox'
import {
  DEAD,
  givenBack,
  reported,
  type TaskChange,
  type Claim,
  type Outcome,
  type Ran,
  type TaskDraft,
} from '@postern/core/engine'
import type { Job, JobJson } from 'bullmq'
import { addAttempt, PROCESS, type DoneValue } from '../journal/attempts.ts'
import { isElsewhere, type HeldJob } from './claim.ts'
import { runScript } from '../store/connection.ts'
import { taskArguments } from '../accept/encode.ts'
import {
  bury,
  buryBroken,
  errorFields,
  isOdd,
  type JobFields,
  type Owner,
  type RunsContext,
} from './unread.ts'
import { bounded, isFenced, reasonOf } from '../store/errors.ts'
import type { JobData } from '../store/queues.ts'

// Milliseconds until the next try after Redis rejected a script, for example because Redis is full. AGAIN: to store an
// outcome; SOON: to add children.
const AGAIN = 1000
const SOON = 100

interface Finished {
  /** Undefined if no outcome was stored: another claim has the task or has settled it, or the inbox has closed. */
  readonly stored: Outcome | undefined
  /** The next job of the queue, claimed with the token of the settled job. */
  readonly next?: readonly [json: JobJson, id: string] | undefined
}

/** Stores the outcome of a run. If `more` is true, storing a done run also claims the next job. */
export async function finish(
  context: RunsContext,
  owner: Owner,
  held: HeldJob,
  outcome: Outcome,
  ran: Ran,
  more = false,
): Promise<Finished> {
  if (outcome.kind !== 'done')
    return { stored: (await settle(context, owner, held, outcome, ran)) ? outcome : undefined }
  const drafts = outcome.spawn ?? []
  // If the children cannot be stored, every other try would fail too, so the task becomes dead.
  const unstorable = drafts.length > 0 ? unstorableReason(drafts) : undefined
  if (unstorable) return finish(context, owner, held, { kind: 'dead', error: unstorable }, ran)
  const { job, backend } = owner
  const value = doneValue(held, ran)
  // BullMQ needs the lock to store the outcome. If the lock may have ended, the lock is renewed first.
  const sure = performance.now() <= held.until - context.lease / 4
  let next: Finished['next']
  const write = async (): Promise<boolean> => {
    if (drafts.length > 0 && !(await spawn(context, owner, held.claim, drafts))) return false
    const { token } = owner
    const moved = await backend.moveToCompleted(job, value, undefined as never, token, more)
    const [json, id] = (moved.result ?? []) as [JobJson?, string?]
    if (json && id !== undefined) next = [json, id]
    return true
  }
  const done = await store(context, owner, held, write, { done: true, sure })
  return { stored: done ? outcome : undefined, next }
}

/** Stores an outcome other than `done`. Returns false if the claim was lost. */
async function settle(
  context: RunsContext,
  owner: Owner,
  held: HeldJob,
  outcome: Exclude<Outcome, { kind: 'done' }>,
  ran: Ran,
): Promise<boolean> {
  const { job } = owner
  // When the lease has ended, another claim may have counted this run as an interruption.
  const late = performance.now() > held.until
  const task = { attempt: held.claim.attempt, fair: null }
  const rule = (): TaskChange => reported(task, outcome, ran, context.consumer.now()).change
  const { cut, charged } = rule()
  const sn = job.stalledCounter
  const reset: JobFields = held.cut > 0 || late ? { cut: cut!, chg: charged!, sn } : { sn }
  const error = 'error' in outcome ? bounded(outcome.error) : undefined
  const reader = { task: held.claim.id, unread: context.unread }
  const pa = addAttempt(reader, held.attempts, attemptOf(held, ran, outcome.kind, error))
  const fields: JobFields = { ...reset, pa, ...(error && errorFields(error)) }
  return store(context, owner, held, () => {
    const change = rule()
    return change.state === DEAD
      ? bury(owner, error!, fields)
      : delay(owner, change, {
          ...fields,
          ...(error && { failedReason: reasonOf(error) }),
          ...noTurn(job),
        })
  })
}

/** Makes a claimed job pending. BullMQ counts this attempt, unless the change says that the attempt does not count. */
export async function delay(
  { job, token, backend, clock }: Owner,
  { wait: time = 0, attempt }: TaskChange,
  fields: JobFields = {},
): Promise<void> {
  const skipAttempt = attempt === job.attemptsMade
  const fieldsToUpdate = { ...(skipAttempt && { ats: job.attemptsStarted - 1 }), ...fields }
  const options = { ...(skipAttempt && { skipAttempt }), fieldsToUpdate }
  await backend.moveToDelayed(job.id!, clock(), Math.max(0, Math.ceil(time)), token, options)
}

/** Releases a claimed job, without counting an attempt or an interruption. The job is due after `time` milliseconds. */
export function putOff(owner: Owner, time: number, fields: JobFields = {}): Promise<void> {
  const { change } = givenBack({ attempt: owner.job.attemptsMade + 1, cut: 0 })
  return delay(owner, { ...change, wait: time }, fields)
}

function doneValue({ claim }: HeldJob, { startedAt, duration }: Ran): DoneValue {
  return { a: claim.attempt, s: startedAt, d: duration, p: PROCESS }
}

/**
 * Stores an outcome with one of BullMQ's scripts. Returns false if the claim was lost, or if the inbox has closed.
 *
 * After a lost lock, a failed run counts only if no other claim has the task. A done run counts if no other claim has
 * settled the task. In both cases, the job is claimed again and the script is repeated. The script is also repeated
 * while Redis is unreachable, full or read-only.
 */
async function store(
  context: RunsContext,
  owner: Owner,
  held: HeldJob,
  write: () => Promise<unknown>,
  { done = false, sure = true } = {},
): Promise<boolean> {
  for (let told = false, isSure = sure; ;) {
    try {
      if (!isSure) {
        const back = await takeBack(context, owner, held, done, () =>
          context.consumer.warn(
            `bullmqInbox: the lease of task ${held.claim.id} expired while the task ran (blocked event loop, or Redis unavailable); no other process stored an outcome, so this outcome was stored`,
          ),
        )
        if (back !== 'held') return back === 'stored'
      }
      return (await write()) !== false
    } catch (error) {
      isSure = false
      if (isFenced(error)) continue
      // The outcome was stored, but BullMQ could not read the next job. `buryBroken` made that job dead.
      if (isOdd(error) && (await buryBroken(context, owner.job.queueName).catch(() => 0)) > 0)
        continue
      // After the inbox has closed, nothing is repeated: the lease ends, and the task runs again.
      if (context.ended()) return false
      if (!told) context.failed(error as Error)
      told = true
      await sleep(AGAIN)
    }
  }
}

/** Claims a job again. Resolves with `stored` if Redis has stored this outcome, but the reply was lost. */
async function takeBack(
  { client, prefix, lease }: RunsContext,
  { job, token }: Owner,
  { startedAt }: HeldJob,
  done = false,
  tell: () => void = () => {},
): Promise<'held' | 'stored' | 'lost'> {
  const args = [job.queueName, job.id!, token, lease, job.attemptsMade, startedAt, done ? 1 : 0]
  const reply = await runScript(client, 'ADOPT', prefix, ...args)
  if (reply === 2) tell()
  if (reply === 3) return 'stored'
  return reply === 0 ? 'lost' : 'held'
}

/** Renews the lock of a claim, also after a jump of the server's clock. Returns false if the claim was lost. */
export async function isKept(
  context: RunsContext,
  task: {
    readonly owner: Owner
    readonly held: HeldJob
    readonly ref: string
    readonly running: boolean
  },
): Promise<boolean> {
  const { owner, held, ref } = task
  const { job, token, backend } = owner
  if ((await backend.extendLock(job.id!, token, context.lease)) === 1) return true
  if (await context.steady()) return !(await isElsewhere(context, ref, token))
  // After the handler has returned, its outcome may be stored and the job delayed. So only a running task is claimed
  // again.
  return !task.running || (await takeBack(context, owner, held)) === 'held'
}

/**
 * Fields of a waiting task of a tenant. Such a task has no turn (place in the fair order) until the script LOAD sets
 * one.
 */
function noTurn({ data }: Job<JobData>): { readonly priority?: 1; readonly tp?: 1 } {
  return data.f === undefined ? {} : { priority: 1, tp: 1 }
}

function attemptOf(
  { claim }: HeldJob,
  ran: Ran,
  outcome: Attempt['outcome'],
  error?: TaskError,
): Attempt {
  return {
    attempt: claim.attempt,
    ...ran,
    outcome,
    process: PROCESS,
    ...(error && { error }),
  }
}

/**
 * Adds child tasks before their parent is done. If the parent runs again, adding the same children changes nothing.
 * Returns false if the parent's lock was lost.
 */
async function spawn(
  { client, consumer: { receiver }, prefix, lease, failed, ended, clock }: RunsContext,
  { job, token }: Owner,
  { event }: Claim,
  drafts: readonly TaskDraft[],
): Promise<boolean> {
  const name = job.data.e
  const children = taskArguments(receiver, name, drafts)
  for (let told = false; !ended(); told = true) {
    const args = [
      clock(),
      `${job.queueName}:${job.id!}`,
      token,
      lease,
      name,
      event.topic,
      ...children,
    ]
    const why = await runScript(client, 'SPAWN', prefix, ...args).catch(String)
    if (why === '' || why === 0) return why === ''
    // Redis is full or read-only, so another try follows. Each try renews the lock of the parent.
    if (!told) failed(new Error(`the children of a task could not be added: ${String(why)}`))
    await sleep(SOON)
  }
  return false
}

/** Returns an error if the data of the children cannot be written as JSON. */
function unstorableReason(drafts: readonly TaskDraft[]): TaskError | undefined {
  try {
    JSON.stringify(drafts)
    return undefined
  } catch {
    // The caught value is not used, since reading it may throw too.
    const message = 'its children cannot be stored: their data must be JSON values'
    return { name: 'UnstorableOutcome', message }
  }
}
