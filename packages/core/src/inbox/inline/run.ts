import { MAX_TIMER } from '../../basics/deadline.ts'
import { WebhookError } from '../../errors.ts'
import type { EventRecord, StoredDelivery } from '../../event.ts'
import type { Claim, Consumer, IntakeItem, Outcome, TaskDraft } from '../inbox.ts'
import type { Semaphore } from '../engine/semaphore.ts'
import { randomUUID } from 'node:crypto'
import type { MaybePromise } from '../../basics/maybe.ts'
import type { LedgerCalls } from './ledger.ts'

export interface InlineContext {
  readonly consumer: Consumer
  /** Milliseconds for which an event's claim is valid. The claim is renewed while handlers run. */
  readonly lease: number
  readonly slots: (subscription: string) => Semaphore
  readonly closing: AbortSignal
  /** Functions that `close` calls at its end. Each releases one running event to the ledger. */
  readonly over: Set<() => void>
}

/** Result of one event. `failed`: some tasks are still open, and are due at `at`, in milliseconds since 1970. */
export type InlineResult =
  | { readonly kind: 'new' | 'revived' | 'duplicate' | 'busy' }
  | { readonly kind: 'failed'; readonly at: number; readonly subscription: string }

interface Ended {
  readonly claim: Claim
  readonly outcome: Outcome
}

/** Runs the open tasks of a claimed event, and stores their outcomes in the ledger. */
export async function runInline(
  context: InlineContext,
  held: HeldEvent,
  item: IntakeItem,
  delivery: StoredDelivery,
): Promise<InlineResult> {
  // The first delivery decides which tasks an event has. Later deliveries run the tasks in the ledger, even if the
  // subscriptions have changed.
  const known = held.state === undefined ? undefined : (JSON.parse(held.state) as InlineTask[])
  if (known) reviveDead(known, held.claims)
  const tasks = known ?? newTasks(item.tasks, 1)
  const lost = new AbortController()
  const signal = AbortSignal.any([context.closing, lost.signal])
  const renewal = setInterval(() => void renew(), Math.min(context.lease / 3, MAX_TIMER))
  try {
    const run = { event: item.event, delivery, tasks, claims: held.claims }
    const failed = await runAll(context, run, signal, store)
    if (lost.signal.aborted) return { kind: 'busy' }
    return failed ?? { kind: known ? 'revived' : 'new' }
  } finally {
    clearInterval(renewal)
  }

  async function renew(): Promise<void> {
    try {
      if (!(await held.renew())) lose()
    } catch {
      // The ledger is unreachable. A later call stores the outcomes, or rejects them if the claim is lost by then.
    }
  }

  async function store(running: boolean): Promise<boolean> {
    const kept = running
      ? await held.renew(encodeTasks(tasks))
      : tasks.every((task) => task.state === 'done')
        ? await held.commit()
        : await held.release(encodeTasks(tasks))
    if (!kept) lose()
    return kept
  }

  function lose(): void {
    lost.abort(new Error('the lease of this event was lost, and another delivery of it runs'))
  }
}

interface InlineRun {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** All tasks of the event. Child tasks are added when a task spawns them. */
  readonly tasks: InlineTask[]
  readonly claims: number
}

/** Runs the open tasks concurrently. `store(running)` stores all tasks; `running` is true while some still run. */
async function runAll(
  context: InlineContext,
  run: InlineRun,
  signal: AbortSignal,
  store: (running: boolean) => Promise<boolean>,
): Promise<Extract<InlineResult, { kind: 'failed' }> | undefined> {
  const { consumer } = context
  let failed: Extract<InlineResult, { kind: 'failed' }> | undefined
  let ended: Ended[] = []
  const open = run.tasks.filter((task) => task.state === 'open')
  const unsettled = new Set(open)
  let running = open.length
  let givenBack = false
  let giveBack!: () => void
  const over = new Promise<'over'>((resolve) => (giveBack = () => resolve('over')))
  context.over.add(giveBack)
  try {
    // Waits for all tasks, even if an outcome could not be stored, since no handler may continue after the reply.
    const ends = await Promise.race([Promise.allSettled(open.map(start)), over])
    if (ends === 'over') throw await toSender()
    const broken = ends.find((end) => end.status === 'rejected')
    if (broken) throw broken.reason
    if (open.length === 0) await store(false)
    return failed
  } finally {
    context.over.delete(giveBack)
  }

  /** Releases the event with its running tasks. Returns the error for the sender. Later outcomes are rejected. */
  async function toSender(): Promise<WebhookError> {
    givenBack = true
    for (const task of unsettled) task.skipped++
    await store(false)
    return new WebhookError('receiver_closed', { problem: 'closed', got: 'inlineInbox' })
  }

  async function start(task: InlineTask): Promise<void> {
    const { subscription, part } = task.draft
    const leave = await context.slots(subscription).take()
    if (givenBack) return leave()
    const claim: Claim = {
      id: `${consumer.receiver}:${run.event.key}/${subscription}${part === undefined ? '' : `/${part}`}`,
      subscription,
      part,
      data: task.draft.data,
      event: run.event,
      delivery: run.delivery,
      attempt: Math.max(1, run.claims - task.skipped),
    }
    const reported = await consumer.run(claim, signal)
    leave()
    if (givenBack) return consumer.settled(claim, reported, false)
    // A failure after the abort is not counted as an attempt, since closing may have caused it.
    const outcome: Outcome =
      context.closing.aborted && reported.kind !== 'done'
        ? { kind: 'postpone', at: consumer.now() }
        : reported
    unsettled.delete(task)
    ended.push({ claim, outcome })
    const children = settle(task, outcome)
    running += children.length - 1
    for (const child of children) unsettled.add(child)
    await save()
    await Promise.all(children.map(start))
  }

  function settle(task: InlineTask, outcome: Outcome): readonly InlineTask[] {
    if (outcome.kind === 'retry' || outcome.kind === 'postpone') {
      if (outcome.kind === 'postpone') task.skipped++
      const { subscription } = task.draft
      if (!failed || failed.at < outcome.at)
        failed = { kind: 'failed', at: outcome.at, subscription }
      return []
    }
    task.state = outcome.kind
    const children =
      outcome.kind === 'done' && outcome.spawn ? newTasks(outcome.spawn, run.claims) : []
    run.tasks.push(...children)
    return children
  }

  async function save(): Promise<void> {
    const these = ended
    ended = []
    const kept = await store(running > 0)
    for (const { claim, outcome } of these) consumer.settled(claim, outcome, kept)
  }
}

/** A task of an event, as the ledger stores it between deliveries. */
interface InlineTask {
  readonly draft: TaskDraft
  state: 'open' | 'done' | 'dead'
  /**
   * Number of claims of the event that do not count as an attempt of this task. The task was not spawned or revived
   * yet, or was postponed or released.
   */
  skipped: number
}

/** Returns the tasks of an event as a string. Of each draft, only the members that a later run needs are kept. */
function encodeTasks(tasks: readonly InlineTask[]): string {
  return JSON.stringify(
    tasks.map(({ draft: { subscription, part, data }, ...rest }) => ({
      draft: { subscription, part, data },
      ...rest,
    })),
  )
}

function newTasks(drafts: readonly TaskDraft[], claims: number): InlineTask[] {
  return drafts.map((draft) => ({ draft, state: 'open', skipped: claims - 1 }))
}

/** If all tasks have ended and some are dead, makes the dead tasks open again, so that the redelivery runs them. */
function reviveDead(tasks: readonly InlineTask[], claims: number): void {
  if (tasks.some((task) => task.state === 'open')) return
  for (const task of tasks) {
    if (task.state !== 'dead') continue
    task.state = 'open'
    task.skipped = claims - 1
  }
}

/** An event that this delivery has claimed and may run, with the calls of the ledger for this claim. */
interface HeldEvent {
  readonly kind: 'held'
  /** Number of claims of the event so far, including this one. */
  readonly claims: number
  readonly state: string | undefined
  readonly renew: (state?: string) => MaybePromise<boolean>
  readonly commit: () => MaybePromise<boolean>
  readonly release: (state: string) => MaybePromise<boolean>
  readonly undo: () => MaybePromise<boolean>
}

/** Result of `hold`. `rejected`: a guard with `reject` belongs to another event. */
type Hold = HeldEvent | { readonly kind: 'duplicate' | 'busy' | 'rejected' }

/** Claims an event of a receiver, and its guards (keys that only one event may hold). */
export async function hold(
  receiver: string,
  ledger: LedgerCalls,
  lease: number,
  { key, dedupe, guards }: EventRecord,
): Promise<Hold> {
  // An event without an identity cannot be recognized, so a redelivery runs all its tasks again.
  if (!dedupe && !guards) return UNKNOWN
  // The length of the receiver's name comes first. So name and key can be separated even if they contain colons.
  const scoped = (name: string): string => `${receiver.length}:${receiver}:${name}`
  const event = scoped(key)
  const own = guards?.map((guard) => ({ ...guard, key: scoped(guard.key) }))
  const token = randomUUID()
  const claimed = await ledger.claim(event, token, lease, own)
  if (claimed.kind === 'guarded')
    return { kind: claimed.otherwise === 'reject' ? 'rejected' : 'duplicate' }
  if (claimed.kind === 'busy') return { kind: 'busy' }
  if (claimed.kind === 'done') return { kind: 'duplicate' }
  return {
    kind: 'held',
    claims: claimed.claims,
    state: claimed.state,
    renew: (state) => ledger.renew(event, token, lease, state),
    commit: () => ledger.commit(event, token, own),
    release: (state) => ledger.release(event, token, state, own),
    undo: () => ledger.undo(event, token, own),
  }
}

const UNKNOWN: HeldEvent = {
  kind: 'held',
  claims: 1,
  state: undefined,
  renew: () => true,
  commit: () => true,
  release: () => true,
  undo: () => true,
}

/** Returns the part of a key with receiver and tenant. Returns '' if the key is not from {@link hold}. */
export function tenantOf(key: string): string {
  const receiver = endOf(key, 0)
  return receiver === 0 ? '' : key.slice(0, endOf(key, receiver + 1))
}

/**
 * Returns the end of a part such as `3:abc` that starts at `from` with its length. Returns `from` if there is no such
 * part.
 */
function endOf(key: string, from: number): number {
  const mark = key.indexOf(':', from)
  const length = key.slice(from, mark)
  return mark > from && /^\d+$/.test(length) ? mark + 1 + Number(length) : from
}
