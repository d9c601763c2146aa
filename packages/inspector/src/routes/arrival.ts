import { isSealed, openKept, type Arrival, type TaskDetail } from '@postern/core/inbox'
import { ApiProblem } from '../replies.ts'
import type { Context } from './context.ts'

/** A delivery by its id, with head and body as they came if they were kept and can be opened. Ends the route with 404. */
export async function arrivalOf(
  { inbox, seal }: Pick<Context, 'inbox' | 'seal'>,
  id: string,
): Promise<Arrival> {
  const arrival = await inbox.journal?.delivery(id)
  if (!arrival) throw new ApiProblem(404, 'gone', 'this delivery is gone: the history is bounded')
  if (!seal || !isSealed(arrival)) return arrival
  try {
    return openKept(seal, arrival)
  } catch {
    // It was sealed with another key.
    return arrival
  }
}

/** The delivery of a task, if the journal still has it: by the sender's id, else by its time. */
export async function arrivalOfTask(
  { inbox }: Context,
  { receiver, event, delivery: { receivedAt } }: TaskDetail,
): Promise<Arrival | undefined> {
  const page = await inbox.journal?.deliveries({
    receiver,
    ...(event.id === undefined ? { until: receivedAt + 1 } : { eventId: event.id }),
    since: receivedAt,
    limit: 20,
    budget: 100,
  })
  const found = page?.rows.findLast((row) => row.keys.includes(event.key))
  return found && inbox.journal?.delivery(found.id)
}

/** The delivery that a duplicate repeats, if the journal still has it. */
export async function repeatedBy(
  { inbox }: Context,
  { id, at, receiver, outcome, ids, keys }: Arrival,
  tasks: readonly TaskDetail[],
): Promise<Pick<Arrival, 'id' | 'at'> | undefined> {
  if (outcome !== 'duplicate') return undefined
  const [eventId] = ids
  const since = tasks[0]?.delivery.receivedAt
  const page = await inbox.journal?.deliveries({
    receiver,
    outcome: 'accepted',
    ...(eventId !== undefined && { eventId }),
    ...(since !== undefined && { since }),
    until: at + 1,
    limit: 20,
    budget: 100,
  })
  const first = page?.rows.findLast(
    (row) => row.id !== id && row.keys.some((key) => keys.includes(key)),
  )
  return first && { id: first.id, at: first.at }
}
