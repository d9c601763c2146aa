import type { EventRecord, StoredDelivery } from '../../../event.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { EraseOptions, TaskFilter } from '../../view.ts'
import { checkChange } from './filter.ts'
import { CHANGE_OPTIONS } from './in-steps.ts'

/** An event and its delivery. */
interface Kept {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/**
 * What `InboxView.erase` leaves of an event and its delivery: identity, topic, times, method and path, and the payload
 * that `keep` returns.
 *
 * @example
 * const { event, delivery } = erased({ event: record, delivery }, () => null)
 * event.erased === true && delivery.body.length === 0 // true
 */
export function erased(kept: Kept, keep: EraseOptions['keep']): Kept {
  // `source` would mean that the body holds the payload.
  const { source: _, guards: __, passing: ___, ...rest } = kept.event
  const { method, url, receivedAt } = kept.delivery
  return {
    event: { ...rest, payload: keep?.(kept.event, kept.delivery) ?? null, erased: true },
    delivery: {
      method,
      url: url.split(/[?#]/, 1)[0]!,
      headers: [],
      body: new Uint8Array(0),
      receivedAt,
    },
  }
}

/**
 * Checks the arguments of `InboxView.erase`. Throws a `TypeError` that names the mistake.
 *
 * @example
 * checkErase({ topic: 'orders/*' }, { dryRun: true })
 */
export function checkErase(filter: TaskFilter, options: EraseOptions): void {
  checkChange('erase', filter)
  unknownOptions('erase', options, [...CHANGE_OPTIONS, 'passing', 'keep'])
}

/**
 * True if a filter has a key of tasks: then it finds no event whose tasks are gone.
 *
 * @example
 * isAboutTasks({ state: 'dead' }) // true
 * isAboutTasks({ eventId: 'evt_123' }) // false
 */
export function isAboutTasks({ subscription, part, state, id, cause }: TaskFilter): boolean {
  return (subscription ?? part ?? state ?? id ?? cause) !== undefined
}

/**
 * The error of a replay or rerun, by its id, of a task whose event was erased.
 *
 * @example
 * if (task.record.erased) throw erasedError('rerun', task.id)
 */
export function erasedError(verb: 'replay' | 'rerun', id: string): TypeError {
  return new TypeError(
    `${verb}: the contents of the event of task ${id} were erased, so it cannot run again; ask the sender to send it under a new id`,
  )
}
