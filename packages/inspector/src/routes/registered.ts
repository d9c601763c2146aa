import type { RegisteredReply } from '../api/health.ts'
import type { AskSender } from '../at-sender.ts'
import type { Context } from './context.ts'

type Row = RegisteredReply['receivers'][number]

// Senders limit how often their API may be asked.
const FRESH = 60_000

/** Makes the route. Each sender is asked at most once in a minute, and one that does not answer spoils no other. */
export function createRegistered(): (context: Context) => Promise<RegisteredReply> {
  const known = new Map<string, { readonly at: number; readonly row: Promise<Row> }>()

  return async ({ options, query, now }) => {
    const only = query.get('receiver')
    const asked = Object.entries(options.registered ?? {}).filter(
      ([name]) => only === null || only === name,
    )
    return { receivers: await Promise.all(asked.map(([name, ask]) => recent(name, ask, now()))) }
  }

  function recent(receiver: string, ask: AskSender, at: number): Promise<Row> {
    const before = known.get(receiver)
    if (before && at - before.at < FRESH) return before.row
    const row = rowOf(receiver, ask)
    known.set(receiver, { at, row })
    return row
  }
}

async function rowOf(receiver: string, ask: AskSender): Promise<Row> {
  try {
    const { url, endpoints, differs } = await ask()
    return {
      receiver,
      url,
      endpoints: endpoints.map(({ id, state, delivering }) => ({ id, state, delivering })),
      differs,
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { receiver, url: undefined, endpoints: [], differs: [], problem }
  }
}
