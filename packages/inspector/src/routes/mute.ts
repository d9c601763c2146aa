import type { MuteReply } from '../api/change.ts'
import { deadThings, type DeadThing } from '../health/dead.ts'
import { mark, noteMute, unmark } from '../health/mutes.ts'
import { ApiProblem } from '../replies.ts'
import { countBuckets, spanOf } from '../span.ts'
import { demand } from './change.ts'
import type { Context } from './context.ts'
import { historyOf } from './health.ts'

const LONGEST = { note: 300, owner: 100 } as const

/** Mutes a cause with a note and an owner, until one more task dies of the cause. Without a note, unmutes the cause. */
export async function mute(context: Context): Promise<MuteReply> {
  const { inbox, visitor, body, receivers, now, acted } = context
  demand(visitor, 'mute', receivers.length > 0)
  if (!inbox.records) throw new ApiProblem(409, 'no_records', `${inbox.name} keeps no records`)
  const { cause } = body
  if (typeof cause !== 'string' || cause === '')
    throw new ApiProblem(400, 'cause', 'cause must be that of a dead task')
  const [note, owner] = [textOf(body, 'note'), textOf(body, 'owner')]
  const at = now()
  const by = visitor.as ?? null
  const target = JSON.stringify({ cause, note, owner })
  let count = 1
  if (note === undefined) await unmark(inbox, cause)
  else {
    const thing = await thingOf(context, cause, at)
    if (!(await mark(inbox, thing, { note, owner, by: visitor.as, at })))
      throw new ApiProblem(409, 'changed', 'somebody else just changed this mark; reload the page')
    ;({ count } = thing)
  }
  await noteMute(inbox, { cause, note: note ?? null, owner: owner ?? null, by, at })
  context.forget()
  acted({ action: 'mute', as: visitor.as, count, target })
  return { muted: note !== undefined }
}

function textOf(
  body: Readonly<Record<string, unknown>>,
  name: keyof typeof LONGEST,
): string | undefined {
  const text = body[name]
  if (text === undefined || (typeof text === 'string' && text.length <= LONGEST[name])) return text
  throw new ApiProblem(400, name, `${name} must be a string of at most ${LONGEST[name]} characters`)
}

async function thingOf({ inbox, weekOf }: Context, cause: string, at: number): Promise<DeadThing> {
  const span = spanOf('24h', at)
  const causes = (await inbox.view?.causes()) ?? []
  const { from, to, step } = span
  const failures = await historyOf(inbox.journal)({ from, to, step, kind: 'attempt', by: 'cause' })
  const week = (await weekOf(inbox)).failures
  const things = deadThings(causes, { failures: countBuckets(failures), week, span, at })
  const thing = things.find((one) => one.cause === cause)
  if (!thing) throw new ApiProblem(404, 'gone', 'no dead task has this cause now')
  return thing
}
