import type { Inbox } from '@postern/core/inbox'
import type { ChartsReply } from '../api/charts.ts'
import type { TimeSpan } from '../span.ts'

const MOST = 50

/** What people did to tasks in a span. */
export async function chartMarks(
  { journal }: Inbox,
  { from, to }: TimeSpan,
  receiver: string | undefined,
): Promise<ChartsReply['marks']> {
  const actions = (await journal?.actions({ limit: MOST }))?.rows ?? []
  return actions
    .filter(({ at }) => at >= from && at < to)
    .filter(({ filter }) => receiver === undefined || (filter.receiver ?? receiver) === receiver)
    .map(({ at, what, by, count }) => ({ at, what, by, count }))
}
