import { LRUCache } from 'lru-cache'
import { WebhookError } from '../errors.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import { isPromise } from '../maybe.ts'
import type {
  Claim,
  Consumer,
  Host,
  Intake,
  Outcome,
  Port,
  TaskDraft,
  TaskError,
  TaskState,
  Taken,
  Worker,
} from './inbox.ts'
import { createLanes, type Lanes } from './memory-lanes.ts'

/** Bounds of {@link createMemoryPort}; times in milliseconds. */
export interface MemorySettings {
  readonly max: number
  readonly window: number
  readonly maxPending: number
  readonly keepDead: number
  readonly hold: number
}

/** An event with tasks that are not settled, or dead ones that are kept. */
export interface MemoryEvent {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  readonly tasks: MemoryTask[]
  /** Tasks pending or running. */
  open: number
}

/** A task in memory. */
export interface MemoryTask {
  readonly id: string
  readonly owner: MemoryEvent
  readonly draft: TaskDraft
  state: TaskState
  attempt: number
  due: number
  error: TaskError | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  /** Called once, when the first attempt has ended. */
  firstEnd: (() => void) | undefined
}

/** A port whose tasks can be looked at. */
export interface MemoryPort extends Port {
  readonly consumer: Consumer
  readonly open: ReadonlyMap<string, MemoryEvent>
  readonly dead: ReadonlyMap<string, MemoryTask>
  replay(task: MemoryTask): void
  discard(task: MemoryTask): void
  forget(task: MemoryTask): void
}

// The longest wait setTimeout takes; a longer one fires at once.
const MAX_TIMER = 2 ** 31 - 1

/** Makes a receiver's side of a memory inbox. */
export function createMemoryPort(consumer: Consumer, settings: MemorySettings): MemoryPort {
  const open = new Map<string, MemoryEvent>()
  const dead = new Map<string, MemoryTask>()
  // Settled events: true where all is done, else the drafts of the dead tasks, which a redelivery revives.
  const settled = new LRUCache<string, { readonly dead: readonly TaskDraft[] | undefined }>({
    max: settings.max,
    ttl: settings.window,
    perf: { now: () => consumer.now() },
    dispose: (_, key, reason) => reason === 'evict' && shortened(key),
  })
  const closing = new AbortController()
  const lanes: Lanes = createLanes(consumer, start)
  let pending = 0
  let ids = 0
  let warnAgain = 0

  return { consumer, open, dead, accept, work: () => worker, drain, replay, discard, forget }

  function accept(intake: Intake, host: Host): readonly Taken[] {
    let wanted = 0
    for (const item of intake.items) wanted += item.tasks.length
    if (pending + wanted > settings.maxPending)
      throw new WebhookError(
        'inbox_full',
        `memoryInbox: ${pending} tasks are pending, maxPending is ${settings.maxPending}`,
      )
    const started: Promise<void>[] | undefined = host.waitUntil && []
    const taken = intake.items.map((item) => take(item.event, intake.delivery, item.tasks, started))
    if (host.waitUntil && started && started.length > 0)
      host.waitUntil(atMost(Promise.all(started), settings.hold))
    return taken
  }

  function take(
    event: EventRecord,
    delivery: StoredDelivery,
    drafts: readonly TaskDraft[],
    started: Promise<void>[] | undefined,
  ): Taken {
    const known = event.dedupe ? open.get(event.key) : undefined
    if (known) return wake(known) ? 'revived' : 'duplicate'
    const past = event.dedupe ? settled.get(event.key) : undefined
    if (past && !past.dead) return 'duplicate'
    // The set of tasks is fixed at the first accept: of a known event only its dead tasks run.
    const owner: MemoryEvent = { event, delivery, tasks: [], open: 0 }
    for (const draft of past?.dead ?? drafts) {
      const task = add(owner, draft)
      if (started) started.push(new Promise((resolve) => (task.firstEnd = resolve)))
    }
    if (owner.open > 0) open.set(event.key, owner)
    else if (event.dedupe) settled.set(event.key, { dead: undefined })
    if (!past) return 'new'
    settled.delete(event.key)
    for (const [id, task] of dead) if (task.owner.event.key === event.key) dead.delete(id)
    return 'revived'
  }

  /** Runs what failed of a known event: dead tasks from their first attempt, waiting ones now. */
  function wake(known: MemoryEvent): boolean {
    let woken = false
    for (const task of known.tasks) {
      if (task.state === 'dead') replay(task)
      else if (task.timer) lanes.ready(task)
      else continue
      woken = true
    }
    return woken
  }

  function add(owner: MemoryEvent, draft: TaskDraft): MemoryTask {
    const task: MemoryTask = {
      id: `${consumer.receiver}:${++ids}`,
      owner,
      draft,
      state: 'pending',
      attempt: 0,
      due: 0,
      error: undefined,
      timer: undefined,
      firstEnd: undefined,
    }
    owner.tasks.push(task)
    owner.open++
    pending++
    lanes.add(task)
    return task
  }

  function start(task: MemoryTask): void {
    task.state = 'running'
    task.attempt++
    const { event, delivery } = task.owner
    const claim: Claim = {
      id: task.id,
      subscription: task.draft.subscription,
      part: task.draft.part,
      data: task.draft.data,
      event,
      delivery,
      attempt: task.attempt,
    }
    const outcome = consumer.run(claim, closing.signal)
    if (isPromise(outcome)) void outcome.then((ended) => settle(task, claim, ended))
    else settle(task, claim, outcome)
  }

  function settle(task: MemoryTask, claim: Claim, outcome: Outcome): void {
    lanes.ended(task, outcome.kind === 'done' || outcome.kind === 'dead')
    task.firstEnd?.()
    task.firstEnd = undefined
    if (outcome.kind === 'retry' || outcome.kind === 'postpone') {
      if (outcome.kind === 'postpone') task.attempt--
      else task.error = outcome.error
      task.state = 'pending'
      task.due = outcome.at
      wait(task)
    } else {
      if (outcome.kind === 'done') {
        task.error = undefined
        for (const child of outcome.spawn ?? []) add(task.owner, child)
      } else {
        task.error = outcome.error
        keepDead(task)
      }
      close(task, outcome.kind)
    }
    consumer.settled(claim, outcome, true)
  }

  function close(task: MemoryTask, state: 'done' | 'dead'): void {
    task.state = state
    pending--
    const { owner } = task
    if (--owner.open > 0) return
    open.delete(owner.event.key)
    if (!owner.event.dedupe) return
    const failed = owner.tasks.filter((each) => each.state === 'dead')
    settled.set(owner.event.key, {
      dead: failed.length === 0 ? undefined : failed.map((each) => each.draft),
    })
  }

  function wait(task: MemoryTask): void {
    const left = task.due - consumer.now()
    task.timer = setTimeout(
      () => (task.due > consumer.now() && left > MAX_TIMER ? wait(task) : lanes.ready(task)),
      Math.min(Math.max(left, 0), MAX_TIMER),
    )
  }

  function keepDead(task: MemoryTask): void {
    dead.set(task.id, task)
    if (dead.size > settings.keepDead) dead.delete(dead.keys().next().value!)
  }

  /** Dead → pending, from the first attempt. */
  function replay(task: MemoryTask): void {
    const { owner } = task
    dead.delete(task.id)
    settled.delete(owner.event.key)
    open.set(owner.event.key, owner)
    owner.open++
    pending++
    task.state = 'pending'
    task.attempt = 0
    lanes.add(task)
  }

  /** Gives a pending or dead task up for good; its event stays known. */
  function discard(task: MemoryTask): void {
    if (task.state === 'dead') {
      dead.delete(task.id)
      task.state = 'done'
      if (task.owner.open > 0) return
      const failed = task.owner.tasks.filter((each) => each.state === 'dead')
      if (task.owner.event.dedupe)
        settled.set(task.owner.event.key, {
          dead: failed.length === 0 ? undefined : failed.map((each) => each.draft),
        })
    } else if (task.state === 'pending') {
      lanes.remove(task)
      close(task, 'done')
    }
  }

  /** Drops a dead task and what is remembered of its event. */
  function forget(task: MemoryTask): void {
    dead.delete(task.id)
    if (task.owner.open === 0) settled.delete(task.owner.event.key)
  }

  function shortened(key: string): void {
    const left = settled.getRemainingTTL(key)
    const now = consumer.now()
    if (!(left > 0) || now < warnAgain) return
    warnAgain = now + 3_600_000
    consumer.warn(
      `memoryInbox: an id was forgotten ${Math.round(left / 1000)} s before its window of ${settings.window / 1000} s was over, since max is ${settings.max}: raise max, or use a durable inbox`,
    )
  }

  async function drain(timeout: number): Promise<void> {
    await atMost(lanes.idle(), timeout)
    lanes.stop()
    closing.abort(new Error('the receiver was closed'))
    for (const event of open.values()) for (const task of event.tasks) clearTimeout(task.timer)
  }
}

const worker: Worker = { stop: async () => {} }

/** Resolves with the work, or after a time in milliseconds without it. */
async function atMost(work: Promise<unknown>, time: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, time)))])
  clearTimeout(timer)
}
