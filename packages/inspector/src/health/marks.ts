import { HOUR, type Deploy, type Inbox } from '@postern/core/inbox'
import type { ChartsReply, DeployMark } from '../api/charts.ts'
import type { TimeSpan } from '../span.ts'

const MOST = 50

/** What people did to tasks in a span, and versions of the app that were first seen working in it. */
export async function chartMarks(
  { journal }: Inbox,
  deploys: readonly Deploy[],
  { from, to }: TimeSpan,
  receiver: string | undefined,
): Promise<ChartsReply['marks']> {
  const actions = (await journal?.actions({ limit: MOST }))?.rows ?? []
  const acted = actions
    .filter(({ filter }) => receiver === undefined || (filter.receiver ?? receiver) === receiver)
    .map(({ at, what, by, count }) => ({ at, what, by, count }))
  const seen = deploys.filter((one) => receiver === undefined || one.receiver === receiver)
  return [...acted, ...deployMarks(seen).slice(-MOST)].filter(({ at }) => at >= from && at < to)
}

/** One mark for all receivers of an app: they start with a version within an hour. */
function deployMarks(deploys: readonly Deploy[]): readonly DeployMark[] {
  const marks: DeployMark[] = []
  for (const { version, at } of deploys.toSorted((one, other) => one.at - other.at)) {
    const known = marks.some((mark) => mark.version === version && at - mark.at < HOUR)
    if (!known) marks.push({ what: 'deploy', version, at })
  }
  return marks
}
