import { claimedTask, type Task, weightOf } from '../run/task.ts'
import type { Finder } from '../run/lanes.ts'
import { TASKS, type NewEvent, type NewTask } from '../row.ts'
import type { Runner } from '../run/runner.ts'
import type { StoreBatch } from '../store.ts'
import { newTask, type EncodedIntake } from './encode.ts'

/** The rows of a batch of deliveries. */
export interface Flat extends StoreBatch {
  readonly intakes: readonly EncodedIntake[]
  readonly claimed: readonly { readonly row: NewTask; readonly task: Task }[]
  /** Subscriptions with tasks that wait. */
  readonly ready: Iterable<string>
  /** Set by the write: the events that were new, and whether known ones run again. */
  fresh: ReadonlySet<NewEvent>
  revived: boolean
}

/** What may be claimed by the insert itself. */
interface FlatOptions {
  readonly receiver: string
  readonly lanes: Finder
  /** @default nothing is claimed */
  readonly take?: Runner<Task>['take']
  readonly token?: number
}

/** Makes the rows. A task without ordering key and tenant that has room here is stored as claimed. */
export function flatten(
  intakes: readonly EncodedIntake[],
  { receiver, lanes, take, token = 0 }: FlatOptions,
): Flat {
  const events: NewEvent[] = []
  const keys = intakes.length + intakes[0]!.items.length > 2 ? new Set<string>() : undefined
  const tasks: NewTask[] = []
  const claimed: { row: NewTask; task: Task }[] = []
  let ready: Set<string> | undefined
  const leased = performance.now()
  for (const { items: its, intake } of intakes)
    for (const item of its) {
      const { event, drafts } = item
      const { key } = event.event
      item.again = keys?.has(key) === true
      if (item.again) continue
      keys?.add(key)
      events.push(event)
      const weight = weightOf(event.delivery.body, event.record)
      for (let n = 0; n < drafts.length; n++) {
        const draft = drafts[n]!
        const { subscription, part, data } = draft
        const lane = lanes.find(subscription)!
        const bound = draft.orderKey !== undefined || draft.fairKey !== undefined
        const slot = bound ? undefined : take?.(subscription, weight)
        const row = newTask(draft, { receiver, lane, event, n, token: slot ? token : 0 })
        tasks.push(row)
        if (slot)
          claimed.push({
            row,
            task: claimedTask({
              slot,
              id: Number.NaN,
              lane,
              subscription,
              token,
              round: 0,
              attempt: 1,
              cut: 0,
              line: null,
              fair: null,
              fresh: true,
              part,
              data,
              event: event.event,
              delivery: intake.delivery,
              weight,
              free: undefined,
              leased,
            }),
          })
        else (ready ??= new Set()).add(subscription)
      }
    }
  const notify = claimed.length < tasks.length
  return {
    intakes,
    events,
    tasks,
    claimed,
    ready: ready ?? NOTHING,
    notify,
    fresh: NO_EVENTS,
    revived: false,
  }
}

const NOTHING: readonly string[] = []
const NO_EVENTS: ReadonlySet<NewEvent> = new Set()

/** The id of a stored task. */
export function idOf({ event, n }: NewTask): number {
  return event!.number * TASKS + n
}
