import { isSealed, openKept, type Arrival } from '@postern/core/inbox'
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
