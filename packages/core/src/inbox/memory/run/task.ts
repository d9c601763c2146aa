import type { EventRecord, StoredDelivery } from '../../../event.ts'
import type { Json } from '../../../delivery.ts'
import type { Claim, Consumer, TaskDraft, TaskError } from '../../inbox.ts'
import { stopwatchOf } from '../../tasks/stopwatch.ts'
import type { TaskLog } from './attempts.ts'
import type { MemoryEvent } from '../accept/event.ts'
import type { TaskState } from '../../view.ts'

/** A task in memory. */
export class MemoryTask {
  /** Place in the order of arrival. */
  readonly sequence: number
  readonly owner: MemoryEvent
  readonly draft: TaskDraft
  /** The next task of its owner. */
  sibling: MemoryTask | undefined
  state: TaskState = 'pending'
  attempt = 0
  due = 0
  error: TaskError | undefined
  /** What its attempts were; made when one fails. */
  log: TaskLog | undefined
  /** The claim of the attempt that runs. The outcome of another claim is late. */
  claim: MemoryClaim | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  /** Called once, when the first attempt has ended. */
  firstEnd: (() => void) | undefined

  constructor(sequence: number, owner: MemoryEvent, draft: TaskDraft) {
    this.sequence = sequence
    this.owner = owner
    this.draft = draft
    this.sibling = undefined
    this.error = undefined
    this.log = undefined
    this.claim = undefined
    this.timer = undefined
    this.firstEnd = undefined
    if (owner.last) owner.last.sibling = this
    else owner.first = this
    owner.last = this
  }

  get id(): string {
    return `${this.owner.receiver}:${this.sequence}`
  }
}

/** The attempt a task is at, as a receiver runs it. */
export class MemoryClaim implements Claim {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  readonly attempt: number
  /** When it started, in milliseconds since 1970 and on the stopwatch of its receiver. */
  readonly startedAt: number
  readonly started: number
  /** Whose run it is: another receiver may have come by that name when it ends. */
  readonly consumer: Consumer
  readonly #task: MemoryTask

  constructor(task: MemoryTask, consumer: Consumer) {
    const { owner } = task
    owner.unfold()
    this.event = owner.event
    this.delivery = owner.delivery
    this.attempt = task.attempt
    this.consumer = consumer
    this.startedAt = consumer.now()
    this.started = stopwatchOf(consumer)()
    this.#task = task
  }

  // Made on demand: few readers ask for it, and making it costs more than the rest of the claim.
  get id(): string {
    return this.#task.id
  }

  get subscription(): string {
    return this.#task.draft.subscription
  }

  get part(): string | undefined {
    return this.#task.draft.part
  }

  get data(): Json | undefined {
    return this.#task.draft.data
  }
}
