import type { Inbox } from '@postern/core/inbox'
import { inspector } from '@postern/inspector/fetch'
import { durableInboxes } from '../inboxes.ts'
import type { PartResult, ServedEffort } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { fill } from './inspect-fill.ts'

const MOST = 50
const ROUNDS = 9

/** Measures the inspector's overhead over its inbox queries, in an inbox with many events. */
export async function inspect({ quick, env }: ServedEffort): Promise<PartResult> {
  const events = quick ? 20_000 : 1_000_000
  const rows: string[][] = []
  let worst = 0
  // Leaves out BullMQ, which scans events in several requests and returns how far it got.
  for (const [name, make] of durableInboxes(env)) {
    if (name === 'BullMQ') continue
    const inbox = await make()
    const { cause, id } = await fill(inbox, events)
    for (const [screen, route] of screens(cause, id)) {
      console.log(`inspect: ${name}, ${screen}`)
      const { own, all } = await measured(inbox, route)
      worst = Math.max(worst, all - own)
      rows.push([`${name}, ${screen}`, own.toFixed(1), all.toFixed(1), (all - own).toFixed(1)])
    }
    await inbox.close()
  }
  return {
    tables: [
      {
        title: `The inspector over ${events.toLocaleString('en')} events`,
        note: `Median of ${ROUNDS} replies, one event in 400 dead and one waiting after a failure, five days of history. "Inbox" is the time in which the inbox was at work on the queries of the reply, "page" the time until the reply is there as JSON. The first look at health reads a week for what is usual; it is kept for five minutes. SQLite looks for an id among deliveries newest first, for half a second, and goes on when asked.`,
        head: ['screen', 'inbox, ms', 'page, ms', 'added, ms'],
        rows,
      },
    ],
    targets: [
      {
        what: 'Inspector: the most that a screen adds to the queries of its inbox',
        got: worst,
        bound: MOST,
        lower: true,
        digits: 1,
        unit: 'ms',
      },
    ],
  }
}

function screens(cause: string, id: string): readonly (readonly [screen: string, route: string])[] {
  return [
    ['first page', 'list?limit=50'],
    ['by topic', 'list?limit=50&q=topic:users/new'],
    ['tasks by topic', 'list?limit=50&q=state:done+topic:users/new'],
    ['by id', `list?limit=50&q=id:${id}`],
    ['tasks by id', `list?limit=50&q=state:done+id:${id}`],
    ['dead', 'list?limit=50&q=state:dead'],
    ['waiting', 'list?limit=50&q=state:pending'],
    ['by cause', `list?limit=50&q=cause:${cause}`],
    ['health, the first look', 'health?range=24h&first'],
    ['health', 'health?range=24h'],
    ['health of 30 days', 'health?range=30d'],
    ['charts', 'charts?range=24h'],
  ]
}

interface Measured {
  /** Milliseconds in which the inbox was busy. */
  readonly own: number
  readonly all: number
}

async function measured(inbox: Inbox, route: string): Promise<Measured> {
  const watch = watched(inbox)
  let ask = asking(watch.inbox)
  const isFirst = route.endsWith('&first')
  const times: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Creates a new inspector with an empty cache.
    if (isFirst) ask = asking(watch.inbox)
    watch.spent()
    const from = performance.now()
    // A different query per round, because equal queries share a cached answer.
    await ask(`${route}&round=${round}`)
    times.push({ all: performance.now() - from, own: watch.spent() })
  }
  return { own: median(times.map(({ own }) => own)), all: median(times.map(({ all }) => all)) }
}

function asking(inbox: Inbox): (route: string) => Promise<void> {
  const page = inspector({ inbox, auth: () => ({ allow: 'read' }), log: false })
  return async (route) => {
    const reply = await page(new Request(`http://localhost/~/api/${route}`))
    if (!reply.ok) throw new Error(`${route}: ${reply.status} ${await reply.text()}`)
    await reply.text()
  }
}

/** Wraps an inbox to measure the time that its queries take. */
function watched(inbox: Inbox): { readonly inbox: Inbox; readonly spent: () => number } {
  let open = 0
  let since = 0
  let total = 0
  const watch = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...given: unknown[]) => {
          if (open++ === 0) since = performance.now()
          try {
            return (await Reflect.apply(member, target, given)) as unknown
          } finally {
            if (--open === 0) total += performance.now() - since
          }
        }
      },
    })
  return {
    inbox: { ...inbox, view: watch(inbox.view!), journal: watch(inbox.journal!) },
    spent() {
      const spent = total
      total = 0
      return spent
    },
  }
}
