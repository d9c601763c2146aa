import type { Json } from '../../../delivery.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import { decodeDelivery, decodeEvent, encodeDelivery, encodeEvent } from '../../codec.ts'
import { editedEvent } from './edited-event.ts'
import type { Actions } from './actions.ts'
import { erasedError } from './erased.ts'
import type { InboxView } from '../../view.ts'
import { TASKS, type NewEvent, type NewTask } from '../row.ts'
import { release } from '../run/order.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { Store } from '../store.ts'
import { numberOf } from './info.ts'
import type { FullRow } from './store.ts'
import type { ViewParts } from './view.ts'

/** Makes `InboxView.rerun`: a new event with another payload, and one task for the same lane and part. */
export function createRerun(
  store: Store,
  actions: Actions,
  { access, deadline, look, opened }: ViewParts,
): InboxView['rerun'] {
  return async (id, edit) => {
    unknownOptions('rerun', edit, ['payload', 'by'])
    if (JSON.stringify(edit.payload) === undefined)
      throw new TypeError(`rerun: payload must be a JSON value, got ${typeof edit.payload}`)
    const row = await access.read(() => store.detail(numberOf(id)))
    if (!row) throw new TypeError(`rerun: there is no task ${id}`)
    if (row.erased) throw erasedError('rerun', id)
    // A whole block of numbers for one event: reruns are rare.
    const number = (await access.read(() => store.block?.())) ?? 0
    const event = edited(row, edit.payload, number)
    const { lane, part, data, line, fair } = row
    const task: NewTask = { event, n: 0, lane, part, data, line, fair, turn: 0, token: 0 }
    await access.write(() =>
      store.atomic(deadline, (rows) =>
        steps(function* (): Steps<void> {
          if (fair !== null) {
            const [taken] = yield* wait(rows.turns([{ lane, fair, step: 1 }]))
            task.turn = taken!.turn
          }
          yield* wait(rows.insert({ events: [event], tasks: [task], notify: true }))
          if (line !== null) yield* release(rows, [line])
          const result = String(event.number * TASKS)
          const { by } = edit
          const note = actions.once({
            what: 'rerun',
            filter: { id },
            result,
            ...(by !== undefined && { by }),
          })
          yield* wait(rows.note(note.rows([id, result], 1)))
        }),
      ),
    )
    opened(row.receiver, 1)
    look()
    return String(event.number * TASKS)
  }
}

function edited(row: FullRow, payload: Json, number: number): NewEvent {
  const delivery = decodeDelivery(row.head, row.body)
  const event = editedEvent(decodeEvent(row.record, delivery), payload)
  const received = Math.floor(delivery.receivedAt)
  return {
    number,
    receiver: row.receiver,
    event,
    record: encodeEvent(event, delivery),
    delivery: { ...encodeDelivery(delivery), received, events: 1, whole: delivery },
  }
}
