import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { TENANTS, type Inbox } from './facts.ts'
import { sending } from './sending.ts'

const MIB = 1024 * 1024

export interface FloodSize {
  readonly perSecond: number
  readonly seconds: number
  readonly inbox: Inbox
  /**
   * `invented`: made-up tenants and signatures, with the attacker's own headers. `copied`: headers of genuine
   * deliveries, so that the app cannot tell them apart.
   */
  readonly heads: 'invented' | 'copied'
}

/**
 * Minimum number of marked bodies. Half of the copied deliveries are marked and stand for genuine ones. The app keeps
 * about 40 bodies per code and minute, so 20 of them are marked on average. Chance alone yields 5 or fewer once in a
 * million runs.
 */
const LEAST_MARKED = 6

/** Lines of the report, and what is wrong. */
export interface FloodReport {
  readonly lines: readonly string[]
  readonly wrong: readonly string[]
}

/**
 * Sends hostile requests, half to the page and half to the receivers. Meanwhile the owner signs in once a second, and
 * known tenants send 200 genuine deliveries. Another 20 deliveries use an old secret and are rejected. With copied
 * headers, the app keeps their bodies only in a random sample of each minute.
 */
export async function playFlood({
  perSecond,
  seconds,
  inbox,
  heads,
}: FloodSize): Promise<FloodReport> {
  const app = fork(fileURLToPath(new URL('app.ts', import.meta.url)), [inbox])
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  try {
    const { port } = (await answer(app)) as { port: number }
    const sent = sending(agent, port)
    // The first deliveries make the tenants known and load lazy modules.
    for (const tenant of TENANTS) await sent.genuine(tenant, `warm-${tenant}`)
    await sent.signIn()
    const before = await seen(app)
    const statuses = {
      page: new Map<number, number>(),
      receiver: new Map<number, number>(),
      owner: new Map<number, number>(),
    }
    const open = new Set<Promise<void>>()
    const note = (counts: Map<number, number>, sending: Promise<number>): void => {
      const noted = sending.then((status) => void counts.set(status, (counts.get(status) ?? 0) + 1))
      open.add(noted)
      void noted.finally(() => open.delete(noted))
    }
    const outcomes = { signIns: 0, taken: 0, rejected: 0 }
    const own: Promise<void>[] = []
    const started = performance.now()
    let hostile = 0
    const TICKS = 20
    for (let tick = 0; tick < seconds * TICKS; tick++) {
      // Does not wait for replies. Otherwise a slow server would get fewer requests.
      for (let n = 0; n < perSecond / TICKS; n++)
        if (hostile++ % 2 === 0) note(statuses.page, sent.wrongToken(hostile))
        else note(statuses.receiver, sent[heads](hostile >> 1))
      const share = (all: number): number =>
        Math.floor(((tick + 1) * all) / (seconds * TICKS)) -
        Math.floor((tick * all) / (seconds * TICKS))
      for (let n = share(200); n > 0; n--)
        own.push(
          sent
            .genuine(TENANTS[tick % 20]!, `genuine-${tick}-${n}`)
            .then((status) => void (outcomes.taken += Number(status === 200))),
        )
      for (let n = share(20); n > 0; n--)
        own.push(
          sent
            .genuine(TENANTS[tick % 20]!, `old-${tick}-${n}`, 'an old secret of the tenant')
            .then((status) => void (outcomes.rejected += Number(status === 401))),
        )
      if (tick % TICKS === 0) {
        outcomes.signIns++
        note(statuses.owner, sent.signIn())
      }
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, started + ((tick + 1) * 1000) / TICKS - performance.now())),
      )
    }
    await Promise.all([...own, ...open])
    const took = (performance.now() - started) / 1000
    const after = await until(app, ({ handled }) => genuineOf(handled) >= 200)
    const kept = await sent.kept('old-')
    const isCopied = heads === 'copied'
    const marked = isCopied ? await sent.kept('mrk-') : 0
    const unmarked = isCopied ? await sent.kept('cop-') : 0
    const signedIn = statuses.owner.get(303) ?? 0
    const grown = Math.round((after.rss - before.rss) / MIB)
    const count = (counts: ReadonlyMap<number, number>): string =>
      [...counts].map(([status, n]) => `${n} × ${status}`).join(', ')
    const must = (what: string, is: number, least: number): string[] =>
      is >= least ? [] : [`${what}: ${is} of ${least}`]
    return {
      lines: [
        `flood              ${inbox}, ${heads} heads: ${hostile} hostile requests in ${took.toFixed(1)} s`,
        `page               ${count(statuses.page)}`,
        `receiver           ${count(statuses.receiver)}`,
        `owner signed in    ${signedIn} of ${outcomes.signIns}: ${count(statuses.owner)}`,
        `genuine handled    ${genuineOf(after.handled)} of 200`,
        `rejections kept      ${kept} of 20 with their body`,
        ...(isCopied ? [`copies kept        ${marked} marked, ${unmarked} others`] : []),
        `memory             grew by ${grown} MiB`,
      ],
      wrong: [
        ...must('the owner signed in', signedIn, outcomes.signIns),
        ...must('genuine deliveries taken', outcomes.taken, 200),
        ...must('genuine deliveries handled', genuineOf(after.handled), 200),
        ...must('genuine rejections', outcomes.rejected, 20),
        ...(isCopied
          ? must('marked copies with their body', marked, LEAST_MARKED)
          : must('genuine rejections with their body', kept, 20)),
        ...(grown > 150 ? [`memory grew by ${grown} MiB, at most 150`] : []),
      ],
    }
  } finally {
    agent.destroy()
    app.disconnect()
    await once(app, 'exit')
  }
}

function genuineOf(handled: readonly string[]): number {
  return handled.filter((id) => id.startsWith('genuine-')).length
}

interface Seen {
  readonly rss: number
  readonly handled: readonly string[]
}

async function answer(app: ChildProcess): Promise<unknown> {
  const [message] = (await once(app, 'message')) as [unknown]
  return message
}

async function seen(app: ChildProcess): Promise<Seen> {
  const next = answer(app)
  app.send({})
  return (await next) as Seen
}

/** Polls for up to 30 seconds. */
async function until(app: ChildProcess, is: (now: Seen) => boolean): Promise<Seen> {
  for (const end = performance.now() + 30_000; ;) {
    const now = await seen(app)
    if (is(now) || performance.now() > end) return now
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
