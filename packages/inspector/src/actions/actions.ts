import type { OperatorAction, TaskFilter } from '@postern/core/inbox'
import type { ActedRow, ActionsReply } from '../api/actions.ts'
import { ApiProblem } from '../replies.ts'
import { shownFilter } from '../withheld.ts'
import type { Context } from '../routes/context.ts'

const ROWS = 50

/** What people did to tasks. */
export async function answerActions({ inbox, query, visitor }: Context): Promise<ActionsReply> {
  if (!inbox.journal) throw new ApiProblem(409, 'no_journal', `${inbox.name} keeps no journal`)
  const cursor = query.get('cursor') ?? undefined
  const page = await inbox.journal.actions({ limit: ROWS, ...(cursor !== undefined && { cursor }) })
  return { rows: page.rows.map((one) => rowOf(one, visitor.payloads)), cursor: page.cursor }
}

function rowOf(action: OperatorAction, payloads: boolean): ActedRow {
  const { id, at, what, by, count, filter } = action
  return {
    id,
    at,
    what,
    by,
    count,
    q: searchFor(payloads ? filter : shownFilter(filter)),
    hasTasks: what === 'replay' || what === 'rerun' || what === 'delete',
  }
}

const NAMES: Readonly<Partial<Record<keyof TaskFilter, string>>> = {
  receiver: 'receiver',
  subscription: 'subscription',
  part: 'part',
  provider: 'provider',
  state: 'state',
  topic: 'topic',
  eventId: 'id',
  id: 'task',
  cause: 'cause',
  after: 'since',
  before: 'until',
}

/** A filter as the search line has it. */
function searchFor(filter: TaskFilter): string {
  const words = Object.entries(filter).map(([key, value]) => {
    const name = NAMES[key as keyof TaskFilter]
    const text =
      key === 'after' || key === 'before' ? new Date(value as number).toISOString() : String(value)
    if (name === undefined) return `(${key})`
    return `${name}:${/[\s"]/.test(text) ? JSON.stringify(text) : text}`
  })
  return words.join(' ')
}
