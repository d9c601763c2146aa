import type { BatchWork } from '../write/backlog.ts'
import type { SideParts } from '../parts.ts'
import type { NewEvent } from '../row.ts'
import { chain, steps, wait, type Steps } from '../steps.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import { newTask } from './encode.ts'

interface Work extends BatchWork {
  readonly done: () => void
}

// Milliseconds: health answers within a second.
const TIME = 600

/** As `Port.probe`: a write that is committed, and one of each table that a delivery needs. */
export function createProbe({ store, writer, lanes, consumer }: SideParts): () => Promise<void> {
  const { receiver } = consumer
  const key = `probe/${receiver}`
  const batch = writer.batch<Work>({
    rows: 1,
    bytes: Infinity,
    put: (works) =>
      chain(steps(write), () => () => {
        for (const { done } of works) done()
      }),
    fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
  })
  return async () => {
    if (!store.opened) await store.open()
    await new Promise<void>((done, failed) => {
      batch.add({ bytes: 0, deadline: performance.now() + TIME, done, failed })
    })
  }

  function* write(): Steps<void> {
    const { records } = store
    const version = (yield* wait(records.get(key)))?.version ?? 0
    if (yield* wait(records.set(key, 'null', version)))
      yield* wait(records.delete(key, version + 1))
    // One writer locks the whole database; others can hold up a single table.
    if (!store.together) yield* wait(undone())
  }

  /** Stores an event with a task in a transaction that is rolled back. */
  function undone(): MaybePromise<void> {
    const [lane] = lanes.all()
    const event = eventOf(receiver)
    const tasks =
      lane === undefined
        ? []
        : [newTask({ subscription: lanes.of(lane)!.subscription }, { receiver, lane, event })]
    const back = new Error('a probe writes nothing')
    const written = store.atomic(TIME, (rows) =>
      chain(rows.insert({ events: [event], tasks, notify: false }), () => {
        throw back
      }),
    ) as Promise<void>
    return written.catch((error: unknown) => {
      if (error !== back) throw error
    })
  }
}

function eventOf(receiver: string): NewEvent {
  const event = {
    key: 'a probe of health',
    id: undefined,
    topic: '',
    aliases: [],
    scope: undefined,
    provider: '',
    payload: null,
    dedupe: false,
  }
  const body = new Uint8Array(0)
  const whole = { method: 'POST', url: '/', headers: [], body, receivedAt: 0 }
  const delivery = { head: '{}', body, received: 0, events: 1, whole }
  return { number: 0, receiver, event, record: '{}', delivery }
}
