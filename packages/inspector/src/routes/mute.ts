import type { MuteReply } from '../api/change.ts'
import { deadThings } from '../health/dead.ts'
import { mark, unmark } from '../health/muted.ts'
import { ApiProblem } from '../replies.ts'
import { countBuckets, spanOf } from '../span.ts'
import { demand } from './allowed.ts'
import type { Context } from './context.ts'
import { historyOf } from './health.ts'

const LONGEST = 300

/** Marks a cause as seen, with a note, until one more task dies of it; without a note the mark goes. */
export async function mute(context: Context): Promise<MuteReply> {
  const { inbox, visitor, body, receivers, now, acted } = context
  demand(visitor, 'mute', receivers.length > 0)
  if (!inbox.records) throw new ApiProblem(409, 'no_records', `${inbox.name} keeps no records`)
  const { cause, note } = body
  if (typeof cause !== 'string' || cause === '')
    throw new ApiProblem(400, 'cause', 'cause must be that of a dead task')
  if (note !== undefined && (typeof note !== 'string' || note.length > LONGEST))
    throw new ApiProblem(400, 'note', `note must be a string of at most ${LONGEST} characters`)
  const target = JSON.stringify({ cause, note })
  if (note === undefined) {
    await unmark(inbox, cause)
    context.forget()
    acted({ action: 'mute', as: visitor.as, count: 1, target })
    return { muted: false }
  }
  const at = now()
  const span = spanOf('24h', at)
  const causes = (await inbox.view?.causes()) ?? []
  const failures = await historyOf(inbox.journal)({
    from: span.from,
    to: span.to,
    step: span.step,
    kind: 'attempt',
    by: 'cause',
  })
  const week = (await context.weekOf(inbox)).failures
  const things = deadThings(causes, { failures: countBuckets(failures), week, span, at })
  const thing = things.find((one) => one.cause === cause)
  if (!thing) throw new ApiProblem(404, 'gone', 'no dead task has this cause any more')
  if (!(await mark(inbox, thing, { note, by: visitor.as, at })))
    throw new ApiProblem(409, 'changed', 'somebody else has just changed this mark; look again')
  context.forget()
  acted({ action: 'mute', as: visitor.as, count: thing.count, target })
  return { muted: true }
}
