import {
  arrivalCursor,
  arrivalPlace,
  checkDeliveryFilter,
  HOUR,
  matchesDelivery,
  type Actions,
  type Arrival,
  type ArrivalPlace,
  type DeliveryFilter,
  type Journal,
  type Page,
  type UnreadTeller,
} from '@postern/core/inbox'
import { addArrivals, arrivalsOf, oneArrival } from './arrivals.ts'
import { attemptsOf } from './attempts.ts'
import { bucketsOf } from './buckets.ts'
import { answeredWithin, connected, type RedisClient } from '../store/connection.ts'
import { addHistory, rollUp } from './history.ts'
import { isRef } from '../operate/list.ts'

/** The store of the journal. */
interface JournalContext {
  readonly client: RedisClient
  readonly prefix: string
  /** Milliseconds a batch may wait for Redis. */
  readonly deadline: number
  readonly actions: Actions
  readonly unread: UnreadTeller
}

/**
 * The journal in Redis. Its memory is bounded: two rings of deliveries by count, bytes and age, history by minute for two
 * days and by hour for thirty, attempts with their jobs. A batch that Redis does not take within the deadline is lost.
 */
export function createJournal(context: JournalContext): Journal {
  const { client, prefix, deadline, actions } = context
  let rolledAt = 0

  return {
    async write({ arrived, minutes, gauges, lost }) {
      await connected(client, deadline)
      await answeredWithin(write(), deadline)

      async function write(): Promise<void> {
        await addArrivals(context, arrived)
        await addHistory(context, minutes, gauges)
        if (lost > 0) await client.hincrby(`${prefix}:journal`, 'lost', lost)
        if (Date.now() - rolledAt < HOUR) return
        rolledAt = Date.now()
        await rollUp(context, rolledAt)
      }
    },
    refusals: (filter = {}) => page(filter, ({ outcome }) => outcome !== 'accepted'),
    deliveries: (filter = {}) => page(filter, () => true),
    async delivery(id) {
      await connected(client, deadline)
      return oneArrival(context, id)
    },
    async attempts(task) {
      await connected(client, deadline)
      if (!isRef(task)) return []
      const [attempts, value] = await client.hmget(`${prefix}:${task}`, 'pa', 'returnvalue')
      return attemptsOf({ task, unread: context.unread }, attempts ?? '', value ?? '').kept
    },
    actions: async (query = {}) => actions.read(query),
    async history(range) {
      await connected(client, deadline)
      return bucketsOf(context, range)
    },
  }

  async function page(
    filter: DeliveryFilter,
    wanted: (arrival: Arrival) => boolean,
  ): Promise<Page<Arrival>> {
    const { limit, budget, cursor } = checkDeliveryFilter(filter)
    const test = matchesDelivery(filter)
    await connected(client, deadline)
    const until = performance.now() + budget
    const rows: Arrival[] = []
    let seen = 0
    for await (const arrival of inOrder(
      filter,
      cursor === undefined ? undefined : arrivalPlace(cursor),
    )) {
      const { at } = arrival
      if (wanted(arrival) && test(arrival)) {
        const { replyBody: _, ...row } = arrival
        rows.push(row)
      }
      const late = ++seen % 100 === 0 && performance.now() >= until
      if (rows.length === limit || late)
        return { rows, cursor: arrivalCursor(arrival), searchedTo: at }
    }
    return { rows, cursor: undefined, searchedTo: undefined }
  }

  /** Both rings in one order, newest first. */
  async function* inOrder(
    filter: DeliveryFilter,
    start: ArrivalPlace | undefined,
  ): AsyncGenerator<Arrival> {
    const rings = (['v', 'u'] as const).map((ring) =>
      one(arrivalsOf(context, ring, filter, start))[Symbol.asyncIterator](),
    )
    const heads = await Promise.all(rings.map((ring) => ring.next()))
    for (;;) {
      const [verified, other] = heads
      const at = !verified!.done && (other!.done || isBefore(verified!.value, other!.value)) ? 0 : 1
      const head = heads[at]!
      if (head.done) return
      yield head.value
      heads[at] = await rings[at]!.next()
    }
  }
}

async function* one(pages: AsyncGenerator<readonly Arrival[]>): AsyncGenerator<Arrival, void> {
  for await (const page of pages) yield* page
}

function isBefore(one: Arrival, other: Arrival): boolean {
  return one.at > other.at || (one.at === other.at && one.id > other.id)
}
