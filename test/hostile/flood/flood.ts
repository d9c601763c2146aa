import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as ask } from 'node:http'
import { fileURLToPath } from 'node:url'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { secretOf, TENANTS, TOKEN } from './facts.ts'

const MIB = 1024 * 1024

/** How much is sent. */
export interface FloodSize {
  readonly perSecond: number
  readonly seconds: number
}

/** What is seen of it: lines, and what is wrong. */
export interface FloodReport {
  readonly lines: readonly string[]
  readonly wrong: readonly string[]
}

/**
 * Hostile requests against page and receiver at once, half each; meanwhile the owner signs in once a second, 200 genuine
 * deliveries of known tenants are sent, and 20 genuine ones with an old secret, which are refused.
 */
export async function playFlood({ perSecond, seconds }: FloodSize): Promise<FloodReport> {
  const app = fork(fileURLToPath(new URL('app.ts', import.meta.url)))
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  try {
    const { port } = (await answer(app)) as { port: number }
    const sent = sending(agent, port)
    // The tenants are known, and the parts that load late are loaded.
    for (const tenant of TENANTS) await sent.genuine(tenant, `warm-${tenant}`)
    await sent.signIn()
    const before = await seen(app)
    const statuses = { page: new Map<number, number>(), receiver: new Map<number, number>() }
    const open = new Set<Promise<void>>()
    const note = (counts: Map<number, number>, sending: Promise<number>): void => {
      const noted = sending.then((status) => void counts.set(status, (counts.get(status) ?? 0) + 1))
      open.add(noted)
      void noted.finally(() => open.delete(noted))
    }
    const outcomes = { signedIn: 0, signIns: 0, taken: 0, refused: 0 }
    const own: Promise<void>[] = []
    const started = performance.now()
    let hostile = 0
    const TICKS = 20
    for (let tick = 0; tick < seconds * TICKS; tick++) {
      // In a closed loop a slow server would be asked less: what is not answered yet goes on.
      for (let n = 0; n < perSecond / TICKS; n++)
        if (hostile++ % 2 === 0) note(statuses.page, sent.wrongToken(hostile))
        else note(statuses.receiver, sent.invented(hostile))
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
            .then((status) => void (outcomes.refused += Number(status === 401))),
        )
      if (tick % TICKS === 0) {
        outcomes.signIns++
        own.push(sent.signIn().then((status) => void (outcomes.signedIn += Number(status === 303))))
      }
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, started + ((tick + 1) * 1000) / TICKS - performance.now())),
      )
    }
    await Promise.all([...own, ...open])
    const took = (performance.now() - started) / 1000
    const after = await until(app, ({ handled }) => genuineOf(handled) >= 200)
    const kept = await sent.kept('old-')
    const grown = Math.round((after.rss - before.rss) / MIB)
    const count = (counts: ReadonlyMap<number, number>): string =>
      [...counts].map(([status, n]) => `${n} × ${status}`).join(', ')
    const must = (what: string, is: number, least: number): string[] =>
      is >= least ? [] : [`${what}: ${is} of ${least}`]
    return {
      lines: [
        `flood              ${hostile} hostile requests in ${took.toFixed(1)} s`,
        `page               ${count(statuses.page)}`,
        `receiver           ${count(statuses.receiver)}`,
        `owner signed in    ${outcomes.signedIn} of ${outcomes.signIns}`,
        `genuine handled    ${genuineOf(after.handled)} of 200`,
        `refusals kept      ${kept} of 20 with their body`,
        `memory             grew by ${grown} MiB`,
      ],
      wrong: [
        ...must('the owner signed in', outcomes.signedIn, outcomes.signIns),
        ...must('genuine deliveries taken', outcomes.taken, 200),
        ...must('genuine deliveries handled', genuineOf(after.handled), 200),
        ...must('genuine refusals', outcomes.refused, 20),
        ...must('genuine refusals with their body', kept, 20),
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

/** Asks until it is so, for 30 seconds. */
async function until(app: ChildProcess, is: (now: Seen) => boolean): Promise<Seen> {
  for (const end = performance.now() + 30_000; ;) {
    const now = await seen(app)
    if (is(now) || performance.now() > end) return now
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** What is sent to the app. Each resolves with the status; 0 if there was no reply. */
function sending(agent: Agent, port: number) {
  const own = new Agent({ keepAlive: true })
  const post = (
    path: string,
    headers: Record<string, string>,
    body: string | Uint8Array,
    by = agent,
  ): Promise<number> =>
    new Promise((resolve) => {
      const outgoing = ask(
        { port, host: '127.0.0.1', method: 'POST', path, headers, agent: by },
        (reply) => {
          reply.resume()
          reply.on('end', () => resolve(reply.statusCode!))
          reply.on('error', () => resolve(0))
        },
      )
      outgoing.on('error', () => resolve(0))
      outgoing.end(body)
    })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  return {
    wrongToken: (n: number) => post('/postern', form, `token=wrong-${n}`),
    /** An invented tenant, or a delivery of a known one with a made-up signature. */
    invented: (n: number) =>
      post(
        `/webhooks/${n % 4 === 1 ? `invented-${n}` : TENANTS[n % 20]}`,
        {
          'content-type': 'application/json',
          'x-github-event': 'push',
          'x-github-delivery': `hostile-${n}`,
          'x-hub-signature-256': `sha256=${n.toString(16).padStart(64, '0')}`,
        },
        `{"n":${n}}`,
      ),
    signIn: () => post('/postern', form, new URLSearchParams({ token: TOKEN }).toString(), own),
    async genuine(tenant: string, id: string, secret = secretOf(tenant)): Promise<number> {
      const { body, headers } = await signedInit(github({ secret }), 'push', { id }, { id })
      const lines = Object.fromEntries(new Headers(headers as HeadersInit))
      return post(
        `/webhooks/${tenant}`,
        { ...lines, 'user-agent': 'GitHub-Hookshot/a1b2c3d' },
        body as Uint8Array,
        own,
      )
    },
    /** Refusals whose claimed id begins so, and whose body was kept. */
    async kept(prefix: string): Promise<number> {
      const get = async (route: string): Promise<unknown> => {
        const headers = { authorization: `Bearer ${TOKEN}` }
        return (await fetch(`http://127.0.0.1:${port}/postern/~/api/${route}`, { headers })).json()
      }
      let kept = 0
      let cursor: string | undefined
      do {
        const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const page = (await get(
          `list?q=${encodeURIComponent(`outcome:refused ${prefix}`)}&limit=200${more}`,
        )) as { rows: { id: string; eventId?: string }[]; cursor?: string }
        for (const { id, eventId } of page.rows) {
          if (!eventId?.startsWith(prefix)) continue
          const detail = (await get(`delivery?id=${id.replace(/^\w+:/, '')}`)) as {
            delivery?: { body?: string }
          }
          kept += Number(detail.delivery?.body !== undefined)
        }
        ;({ cursor } = page)
      } while (cursor !== undefined)
      return kept
    },
  }
}
