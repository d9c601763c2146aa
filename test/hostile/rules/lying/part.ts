import type { Inbox } from '@postern/core/inbox'
import { catchUp } from '../../../../packages/registrar/src/index.ts'
import { onEach, takingAll } from '../inboxes.ts'
import type { RulePart } from '../rule.ts'
import { lies, times } from './lies.ts'
import { senders, type Entry, type Sender } from './senders.ts'

const HOUR = 3_600_000
const MIB = 1024 * 1024
const LIMIT = 20
/** Maximum number of requests, including those for single events. */
const MOST_ASKED = 1100
/** Maximum number of MiB that are read from one response. Reading stops slightly later than the limit. */
const MOST_MIB = 36

export const lying: RulePart = {
  rule: '10',
  title: 'a lying API ends',
  async open(inboxes, every) {
    const open = await onEach(inboxes, (inbox, kind, own) =>
      Object.entries(senders).flatMap(([at, sender]) =>
        [...triesOf(sender, every || kind === 'memory')].map(([name, play]) => ({
          name,
          at,
          sender: sender.title,
          run: () => play(inbox, own()),
        })),
      ),
    )
    return { ...open, together: 4 }
  },
}

type Try = (inbox: Inbox, name: string) => Promise<string | undefined>

/** Core rejects some cases before an inbox is used. Unless `isAll` is set, these run only with the inbox in memory. */
function triesOf(sender: Sender, isAll: boolean): ReadonlyMap<string, Try> {
  const tries = new Map<string, Try>()
  if (sender.isPaged !== false)
    for (const [name, lie] of Object.entries(lies))
      tries.set(name, (inbox, own) => endless(sender, lie, inbox, own))
  if (sender.payload)
    tries.set('an id under which another event is fetched', (inbox, own) =>
      another(sender, inbox, own),
    )
  if (!isAll) return tries
  for (const at of times)
    tries.set(`a time that is ${JSON.stringify(at)}`, (inbox, own) =>
      timeless(sender, () => sender.page([{ id: 'timeless', at }], 1), inbox, own),
    )
  tries.set('a body without end', (inbox, own) => unending(sender, inbox, own))
  return tries
}

/** The catch-up must stop at its page limit. The result must say that the list was cut, and why. */
async function endless(sender: Sender, lie: (typeof lies)[string], inbox: Inbox, name: string) {
  const now = Date.now()
  const { asked, caughtUp, close } = opened(sender, inbox, name, (number) =>
    sender.page(lie(number, now), number),
  )
  try {
    const { complete, cut, accepted: taken, asked: again } = await caughtUp()
    if (complete || cut === undefined) return `it said complete: ${complete}, cut: ${cut}`
    if (taken + again > LIMIT) return `${taken + again} events were taken`
    return asked() > MOST_ASKED ? `${asked()} requests` : undefined
  } finally {
    await close()
  }
}

/** The result must say that an entry has no time. There must be few requests and no events. */
async function timeless(sender: Sender, answer: () => unknown, inbox: Inbox, name: string) {
  const { asked, accepted, caughtUp, close } = opened(sender, inbox, name, answer)
  try {
    const { complete, cut } = await caughtUp()
    if (complete || cut !== 'time') return `it said complete: ${complete}, cut: ${cut}`
    if (accepted.length > 0) return `${accepted.length} events were taken`
    return asked() > 2 ? `${asked()} requests` : undefined
  } finally {
    await close()
  }
}

/** The catch-up must end with `unexpected`, after few requests and without events. */
async function rejected(sender: Sender, answer: () => unknown, inbox: Inbox, name: string) {
  const { asked, accepted, caughtUp, close } = opened(sender, inbox, name, answer)
  try {
    const code = await caughtUp().then(
      ({ complete }) => `complete: ${complete}`,
      (error: { code?: string }) => error.code,
    )
    if (code !== 'unexpected') return `it ended with ${code}`
    if (accepted.length > 0) return `${accepted.length} events were taken`
    return asked() > 2 ? `${asked()} requests` : undefined
  } finally {
    await close()
  }
}

async function unending(sender: Sender, inbox: Inbox, name: string) {
  let sent = 0
  const part = new TextEncoder().encode(' '.repeat(MIB))
  const answer = (): Response =>
    new Response(
      new ReadableStream({
        pull(body) {
          sent++
          body.enqueue(part)
        },
      }),
    )
  const wrong = await rejected(sender, answer, inbox, name)
  return wrong ?? (sent > MOST_MIB ? `${sent} MiB were read` : undefined)
}

/** The result must report the other event as failed. A later webhook with that event must count as new. */
async function another(sender: Sender, inbox: Inbox, name: string) {
  const at = new Date(Date.now() - HOUR / 4).toISOString()
  const other: Entry = { id: `other-of-${name}`, at }
  const listed: Entry = { id: `listed-of-${name}`, at }
  const { receiver, kind, accepted, caughtUp, close } = opened(
    sender,
    inbox,
    name,
    // The first two pages are the list. Later requests are for single events.
    (number) => sender.page([number <= 2 ? listed : other], number),
    other,
  )
  try {
    const { accepted: taken, duplicates, failed, failures, asked } = await caughtUp()
    if (kind === 'payload' && (failed !== 1 || failures[0]?.id !== listed.id))
      return `it told of ${failed} failures, ${taken} taken, ${duplicates} duplicates`
    // The provider itself signs a redelivery, so only the request for the redelivery counts.
    if (kind === 'redelivery' && asked !== 1) return `it asked for ${asked}`
    const { provider, topic, payload } = sender
    const url = 'https://app.example/hooks'
    const webhook = provider.sign!({ topic, id: other.id, url, payload: payload!(other) })
    const { status } = await receiver.receive(webhook)
    if (status !== 200) return `the webhook of the other event got ${status}`
    return accepted.join() === other.id ? undefined : `accepted were ${accepted.join()}`
  } finally {
    await close()
  }
}

/** Creates a receiver and a catch-up whose API returns these pages. */
function opened(
  sender: Sender,
  inbox: Inbox,
  name: string,
  answer: (number: number) => unknown,
  fetched: Entry = { id: 'fetched', at: new Date().toISOString() },
) {
  const receiver = takingAll({ provider: sender.provider, inbox, name })
  const accepted: (string | undefined)[] = []
  receiver.observe({ accepted: ({ id }) => void accepted.push(id) })
  let asked = 0
  let pages = 0
  const source = sender.source(async (input, init) => {
    asked++
    const { pathname } = input as URL
    const call = `${init?.method ?? 'GET'} ${pathname}`
    const isPage = pathname === sender.list
    const given = isPage ? answer(++pages) : (sender.more?.(call, [fetched]) ?? {})
    return given instanceof Response ? given : Response.json(given)
  })
  return {
    receiver,
    kind: source.kind,
    accepted,
    asked: () => asked,
    caughtUp: () => catchUp(receiver, source, { since: Date.now() - HOUR, limit: LIMIT }),
    close: () => receiver.close(),
  }
}
