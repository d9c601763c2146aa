import { orphansOf } from '../lease/watch.ts'
import type { Actions } from './action-log.ts'
import { toCauses } from './top-causes.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { InboxView, SubscriptionStats } from '../../view.ts'
import {
  chain,
  grouped,
  steps,
  wait,
  type Steps,
  type MaybePromise,
} from '../../../basics/maybe.ts'
import { PROBE } from '../accept/probe.ts'
import { PENDING, READY, STATES, TASKS, type NewEvent, type NewTask } from '../row.ts'
import { createChange, type ViewParts, erasedError } from './replay-delete-erase.ts'
import { detailOf, errorOf, infoOf, numberOf, namesOf, createSearch } from './search.ts'
import type { FullRow } from './store.ts'
import type { ViewStore } from '../store.ts'
import type { Json } from '../../../delivery.ts'
import { decodeDelivery, decodeEvent, encodeDelivery, encodeEvent } from '../../codec.ts'
import { release } from '../run/order.ts'
import { randomUUID } from 'node:crypto'

const DEFAULT_LIMIT = 100
const MOST = 1000
// Maximum time of a search, in milliseconds.
const BUDGET = 500

/** Makes a store's view for operators. Reads are short, and changes run in small transactions. */
export function createView(store: ViewStore, parts: ViewParts): InboxView {
  const { access, actions, consumers } = parts
  const search = createSearch(store, access)
  let unknown = 0

  return {
    async list(query = {}) {
      const { limit = DEFAULT_LIMIT, cursor, budget = BUDGET, ...filter } = query
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST))
        throw new TypeError(`limit: must be a whole number from 1 to ${MOST}, got ${String(limit)}`)
      if (!(budget >= 0)) throw new TypeError(`budget: must be milliseconds, got ${String(budget)}`)
      const found = await search(filter, { limit, cursor, budget })
      return { ...found, rows: found.rows.map(({ info }) => info) }
    },
    get: (id) =>
      steps(function* () {
        const row = yield* wait(access.read(() => store.detail(numberOf(id))))
        if (!row) return undefined
        const names = yield* wait(access.read(() => namesOf(store)))
        return detailOf(row, infoOf(row, names.of(row.lane)))
      }),
    stats,
    causes(filter = {}) {
      unknownOptions('causes', filter, ['receiver', 'subscription'])
      return steps(function* () {
        const names = yield* wait(access.read(() => namesOf(store)))
        const rows = yield* wait(access.read(() => store.causes(names.wanted(filter))))
        return toCauses(
          rows.map(({ lane, error, ...row }) => ({
            ...row,
            sample: errorOf(error ?? ''),
            receiver: names.of(lane)?.receiver ?? '',
            subscription: names.of(lane)?.name ?? '',
          })),
        )
      })
    },
    version: () =>
      chain(
        access.read(() => store.version()),
        // Without a version, each call returns a new number, as if a task had changed.
        (version) => version ?? --unknown,
      ),
    ...createChange(store, search, actions, parts),
    rerun: createRerun(store, actions, parts),
    orphans: () =>
      chain(stats(), (all) =>
        orphansOf(
          all.map(({ receiver, subscription, counts: { pending } }) => ({
            receiver,
            subscription,
            pending,
          })),
          consumers(),
        ),
      ),
  }

  function stats(): MaybePromise<readonly SubscriptionStats[]> {
    return steps(function* () {
      const lanes = yield* wait(access.read(() => store.everyLane()))
      const rows = yield* wait(access.read(() => store.stats()))
      const attached = new Map(consumers().map((consumer) => [consumer.receiver, consumer]))
      const byLane = grouped(
        rows.filter(({ count }) => count > 0),
        ({ lane }) => lane,
      )
      // A lane (a subscription's number) exists from the start of its receiver, but is listed only if it has tasks.
      const used = lanes.filter(({ lane, name }) => byLane.has(lane) && name !== PROBE)
      return used.map(({ lane, receiver, name }): SubscriptionStats => {
        const now = attached.get(receiver)?.now() ?? Date.now()
        const counts = { pending: 0, running: 0, done: 0, dead: 0 }
        let oldest: number | undefined
        for (const row of byLane.get(lane)!) {
          counts[STATES[row.state]!] += row.count
          if (row.state === PENDING && row.oldest !== null) oldest = Math.floor(now - row.oldest)
        }
        return { receiver, subscription: name, counts, oldestDueAt: oldest }
      })
    })
  }
}

/** Makes `InboxView.rerun`, which stores a copy of an event with another payload and one task. */
function createRerun(
  store: ViewStore,
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
    // Uses only one number of a block of 1,000 event numbers. Reruns are rare, so the waste does not matter.
    const number = (await access.read(() => store.block?.())) ?? 0
    const event = edited(row, edit.payload, number)
    const { lane, part, data, line, fair } = row
    const task: NewTask = {
      event,
      n: 0,
      lane,
      part,
      data,
      line,
      fair,
      turn: 0,
      token: 0,
      fold: null,
      wait: 0,
      gate: READY,
    }
    const { by } = edit
    const note = actions.once({ what: 'rerun', filter: { id }, ...(by !== undefined && { by }) })
    if (store.begin) await access.write(() => store.begin!(note.begun()))
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
          yield* wait(rows.note(note.rows([id, result], 1, result)))
        }),
      ),
    )
    opened(row.receiver, 1)
    look()
    return String(event.number * TASKS)
  }
}

/**
 * Returns the event that `InboxView.rerun` stores: the same provider, topic and id, but another payload. Its new key
 * gives its tasks new idempotency keys. `origin` is the key of the original event. The new event is not deduplicated,
 * and has no guards.
 */
function edited(row: FullRow, payload: Json, number: number): NewEvent {
  const delivery = decodeDelivery(row.head, row.body)
  // `source` is left out, since it would mean that the delivery's body contains the payload.
  const { source: _, guards: __, ...rest } = decodeEvent(row.record, delivery)
  const event = { ...rest, key: `~${randomUUID()}`, dedupe: false, payload, origin: rest.key }
  const received = Math.floor(delivery.receivedAt)
  return {
    number,
    receiver: row.receiver,
    event,
    record: encodeEvent(event, delivery),
    delivery: { ...encodeDelivery(delivery), received, events: 1, whole: delivery },
  }
}
