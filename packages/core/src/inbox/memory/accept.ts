import { WebhookError } from '../../errors.ts'
import { atMost } from '../kit/at-most.ts'
import type { Consumer, Host, Intake, IntakeItem, Taken } from '../inbox.ts'
import { MemoryEvent } from './event.ts'
import { createKnown, type Known } from './known.ts'
import { createTasks, type Tasks } from './settle.ts'

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
  /** True once it has closed: another receiver of the name may go on with the tasks that are left. */
  readonly closed: boolean
  readonly known: Pick<Known, 'values'>
  readonly tasks: Pick<Tasks, 'dead' | 'replay' | 'discard' | 'forget'>
  accept(intake: Intake, host: Host): readonly Taken[]
  work(): void
  close(until: number): Promise<void>
  reopen(consumer: Consumer): void
}

/** Makes a receiver's side of a memory inbox. */
export function createMemoryPort(consumer: Consumer, settings: MemorySettings): MemoryPort {
  const known = createKnown(settings, () => tasks.consumer)
  const tasks = createTasks(consumer, known, settings.keepDead)
  let closing = false
  let closed = false

  return {
    get consumer() {
      return tasks.consumer
    },
    get closed() {
      return closed
    },
    known,
    tasks,
    accept,
    work: () => tasks.lanes.work(),
    async close(until) {
      closing = true
      const left = until - Date.now()
      // Other inboxes claim no more. Here a task that does not run is lost with the process: half the time is for those.
      if (!closed && left > 0) await atMost(tasks.lanes.idle(), left / 2)
      tasks.abort()
      if (!closed && left > 0) await atMost(tasks.lanes.idle(), left / 2)
      tasks.giveBack()
      closed = true
    },
    reopen(next) {
      closing = closed = false
      tasks.reopen(next)
    },
  }

  function accept({ delivery, items }: Intake, host: Host): readonly Taken[] {
    if (closing) throw new WebhookError('closed', 'memoryInbox: the receiver was closed')
    let wanted = 0
    for (const item of items) wanted += item.tasks.length
    const { pending, pendingBytes } = tasks
    if (pending + wanted > settings.maxPending)
      throw new WebhookError(
        'inbox_full',
        `memoryInbox: ${pending} tasks are pending, maxPending is ${settings.maxPending}`,
      )
    if (pendingBytes + delivery.body.byteLength > settings.maxPendingBytes)
      throw new WebhookError(
        'inbox_full',
        `memoryInbox: bodies of ${pendingBytes} bytes are pending, maxPendingBytes is ${settings.maxPendingBytes}`,
      )
    const ends: Promise<void>[] | undefined = host.waitUntil && tasks.lanes.working ? [] : undefined
    const bytes = delivery.body.byteLength / items.length
    const taken: Taken[] = []
    for (const item of items) {
      const owner = new MemoryEvent(tasks.consumer.receiver, item.event, delivery, bytes)
      taken.push(take(item, owner, ends))
    }
    if (ends && ends.length > 0) {
      tasks.lanes.wake()
      host.waitUntil!(atMost(Promise.all(ends), settings.hold))
    }
    return taken
  }

  function take(
    { event, tasks: drafts }: IntakeItem,
    owner: MemoryEvent,
    ends: Promise<void>[] | undefined,
  ): Taken {
    const place = event.dedupe ? known.find(event.key) : -1
    const under = known.open(place)
    if (under) return wake(under) ? 'revived' : 'duplicate'
    const past = known.dead(place)
    if (place >= 0 && !past) return 'duplicate'
    known.enter(owner)
    let waits = true
    // The set of tasks is fixed at the first accept: of a known event only its dead tasks run.
    for (const draft of past ?? drafts) waits = tasks.add(owner, draft) && waits
    if (owner.open === 0) known.settle(owner)
    else if (waits) owner.fold()
    if (ends)
      for (const task of owner.tasks())
        ends.push(new Promise((resolve) => (task.firstEnd = resolve)))
    if (!past) return 'new'
    for (const task of tasks.dead.values())
      if (task.owner.event.key === event.key) tasks.forget(task)
    return 'revived'
  }

  /** Runs what failed of a known event: dead tasks from their first attempt, waiting ones now. */
  function wake(under: MemoryEvent): boolean {
    let woken = false
    for (const task of under.tasks()) {
      if (task.state === 'dead') tasks.replay(task)
      else if (task.timer) tasks.lanes.ready(task)
      else continue
      woken = true
    }
    return woken
  }
}
