import { MAX_TIMER } from '../duration.ts'
import { WebhookError } from '../errors.ts'
import { isPromise } from '../maybe.ts'
import type {
  Claim,
  Consumer,
  Host,
  Intake,
  IntakeItem,
  Outcome,
  TaskDraft,
  Taken,
} from './inbox.ts'
import { createKnown, type Known } from './memory-known.ts'
import { createLanes } from './memory-lanes.ts'
import {
  memoryClaim,
  memoryEvent,
  memoryTask,
  type MemoryEvent,
  type MemoryTask,
} from './memory-task.ts'

/** Bounds of {@link createMemoryPort}; times in milliseconds. */
export interface MemorySettings {
  readonly max: number
  readonly window: number
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly keepDead: number
  readonly hold: number
}

/** What a memory inbox keeps for one receiver. */
export interface MemoryPort {
  readonly consumer: Consumer
  /** True once it was drained: another receiver of the name may go on with what is left. */
  readonly closed: boolean
  readonly known: Pick<Known, 'values'>
  readonly dead: ReadonlyMap<string, MemoryTask>
  accept(intake: Intake, host: Host): readonly Taken[]
  work(): void
  drain(timeout: number): Promise<void>
  reopen(consumer: Consumer): void
  replay(task: MemoryTask): void
  discard(task: MemoryTask): void
  forget(task: MemoryTask): void
}

/** Makes a receiver's side of a memory inbox. */
export function createMemoryPort(first: Consumer, settings: MemorySettings): MemoryPort {
  let consumer = first
  let lanes = createLanes(consumer, start)
  let closing = new AbortController()
  let closed = false
  let pending = 0
  let pendingBytes = 0
  let sequence = 0
  const known = createKnown(settings, () => consumer)
  const dead = new Map<string, MemoryTask>()

  return {
    get consumer() {
      return consumer
    },
    get closed() {
      return closed
    },
    known,
    dead,
    accept,
    work: () => lanes.work(),
    drain,
    reopen,
    replay,
    discard,
    forget,
  }

  function accept(intake: Intake, host: Host): readonly Taken[] {
    if (closed) throw new WebhookError('closed', 'memoryInbox: the receiver was closed')
    let wanted = 0
    for (const item of intake.items) wanted += item.tasks.length
    if (pending + wanted > settings.maxPending)
      throw new WebhookError(
        'inbox_full',
        `memoryInbox: ${pending} tasks are pending, maxPending is ${settings.maxPending}`,
      )
    if (pendingBytes + intake.delivery.body.byteLength > settings.maxPendingBytes)
      throw new WebhookError(
        'inbox_full',
        `memoryInbox: bodies of ${pendingBytes} bytes are pending, maxPendingBytes is ${settings.maxPendingBytes}`,
      )
    const ends: Promise<void>[] | undefined = host.waitUntil && lanes.working ? [] : undefined
    const taken = intake.items.map((item) => take(item, intake, ends))
    if (ends && ends.length > 0) {
      lanes.wake()
      host.waitUntil!(atMost(Promise.all(ends), settings.hold))
    }
    return taken
  }

  function take(item: IntakeItem, intake: Intake, ends: Promise<void>[] | undefined): Taken {
    const { event, tasks: drafts } = item
    const place = event.dedupe ? known.find(event.key) : -1
    const under = known.open(place)
    if (under) return wake(under) ? 'revived' : 'duplicate'
    const past = known.dead(place)
    if (place >= 0 && !past) return 'duplicate'
    const bytes = intake.delivery.body.byteLength / intake.items.length
    const owner = memoryEvent(event, intake.delivery, bytes)
    known.enter(owner)
    // The set of tasks is fixed at the first accept: of a known event only its dead tasks run.
    for (const draft of past ?? drafts) {
      const task = add(owner, draft)
      ends?.push(new Promise((resolve) => (task.firstEnd = resolve)))
    }
    if (owner.open === 0) known.settle(owner)
    if (!past) return 'new'
    for (const [id, task] of dead) if (task.owner.event.key === event.key) dead.delete(id)
    return 'revived'
  }

  /** Runs what failed of a known event: dead tasks from their first attempt, waiting ones now. */
  function wake(under: MemoryEvent): boolean {
    let woken = false
    for (const task of under.tasks) {
      if (task.state === 'dead') replay(task)
      else if (task.timer) lanes.ready(task)
      else continue
      woken = true
    }
    return woken
  }

  function add(owner: MemoryEvent, draft: TaskDraft): MemoryTask {
    const task = memoryTask(consumer.receiver, ++sequence, owner, draft)
    owner.tasks.push(task)
    opened(owner)
    lanes.add(task)
    return task
  }

  function opened(owner: MemoryEvent): void {
    if (owner.open++ === 0) pendingBytes += owner.bytes
    pending++
  }

  function start(task: MemoryTask): void {
    task.state = 'running'
    task.attempt++
    const claim = memoryClaim(task)
    const outcome = consumer.run(claim, closing.signal)
    if (isPromise(outcome)) void outcome.then((ended) => settle(task, claim, ended))
    else settle(task, claim, outcome)
  }

  function settle(task: MemoryTask, claim: Claim, outcome: Outcome): void {
    if (outcome.kind === 'retry' || outcome.kind === 'postpone') {
      if (outcome.kind === 'postpone') task.attempt--
      else task.error = outcome.error
      task.state = 'pending'
      task.due = outcome.at
      wait(task)
    } else {
      if (outcome.kind === 'done') {
        task.error = undefined
        for (const child of outcome.spawn ?? []) if (!has(task.owner, child)) add(task.owner, child)
      } else {
        task.error = outcome.error
        keepDead(task)
      }
      close(task, outcome.kind)
    }
    lanes.ended(task, outcome.kind === 'done' || outcome.kind === 'dead')
    firstEnded(task)
    consumer.settled(claim, outcome, true)
  }

  function close(task: MemoryTask, state: 'done' | 'dead'): void {
    task.state = state
    pending--
    const { owner } = task
    if (--owner.open > 0) return
    pendingBytes -= owner.bytes
    known.settle(owner)
  }

  function wait(task: MemoryTask): void {
    // A closed inbox must not keep the process alive; whoever reopens it waits again.
    if (closed) return
    const left = Math.min(Math.max(task.due - consumer.now(), 0), MAX_TIMER)
    task.timer = setTimeout(() => (left === MAX_TIMER ? wait(task) : lanes.ready(task)), left)
  }

  function keepDead(task: MemoryTask): void {
    dead.set(task.id, task)
    if (dead.size > settings.keepDead) dead.delete(dead.keys().next().value!)
  }

  /** Dead → pending, from the first attempt. */
  function replay(task: MemoryTask): void {
    const { owner } = task
    dead.delete(task.id)
    if (owner.open === 0) {
      const current = owner.event.dedupe && known.open(known.find(owner.event.key))
      // The event was forgotten meanwhile and came again: the task joins what is under way.
      if (current) return void add(current, task.draft)
      known.enter(owner)
    }
    opened(owner)
    task.state = 'pending'
    task.attempt = 0
    lanes.add(task)
  }

  /** Gives a pending or dead task up for good; its event stays known. */
  function discard(task: MemoryTask): void {
    if (task.state === 'dead') {
      dead.delete(task.id)
      task.state = 'done'
      if (task.owner.open === 0) known.settle(task.owner)
    } else if (task.state === 'pending') {
      lanes.remove(task)
      close(task, 'done')
      firstEnded(task)
    }
  }

  /** Drops what is kept of a dead task. Its event stays known, so that a redelivery runs no settled sibling again. */
  function forget(task: MemoryTask): void {
    dead.delete(task.id)
  }

  async function drain(timeout: number): Promise<void> {
    if (!closed) await atMost(lanes.idle(), timeout)
    closed = true
    lanes.stop()
    closing.abort(new Error('the receiver was closed'))
    for (const task of openTasks()) clearTimeout(task.timer)
  }

  function reopen(next: Consumer): void {
    consumer = next
    closing = new AbortController()
    closed = false
    lanes = createLanes(consumer, start)
    for (const task of openTasks()) {
      task.timer = undefined
      if (task.state === 'pending' && task.due <= consumer.now()) lanes.add(task)
      else {
        lanes.hold(task)
        if (task.state === 'pending') wait(task)
      }
    }
  }

  function openTasks(): MemoryTask[] {
    return [...known.values()]
      .flatMap((event) => event.tasks)
      .filter((task) => task.state === 'pending' || task.state === 'running')
      .sort((a, b) => a.sequence - b.sequence)
  }
}

/** A part is a child once, however often its parent runs. */
function has({ tasks }: MemoryEvent, { subscription, part }: TaskDraft): boolean {
  return tasks.some(
    ({ draft }) => draft.subscription === subscription && (draft.part ?? '') === (part ?? ''),
  )
}

function firstEnded(task: MemoryTask): void {
  task.firstEnd?.()
  task.firstEnd = undefined
}

/** Resolves with the work, or after a time in milliseconds without it. */
async function atMost(work: Promise<unknown>, time: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(time, MAX_TIMER))
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
