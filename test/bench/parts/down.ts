import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { forward } from '@postern/forward'
import { sqliteInbox } from '@postern/sqlite'
import { freePort, listenOn } from '../../services/temporary.ts'
import { delivery } from '../deliveries.ts'
import { createIds } from '../ids.ts'
import type { Effort, PartResult, Target } from '../report/part.ts'
import { median, quantile } from '../../services/figures.ts'
import { benchReceiver } from './source.ts'

const HEALTHY = 4
/** Milliseconds between events. */
const GAP = 5
const QUANTILES = [0.5, 0.9, 0.99]
const ID = 'x-github-delivery'

/** Measures whether a destination that is down delays the other destinations of a fan-out. */
export async function down({ quick }: Effort): Promise<PartResult> {
  const events = quick ? 200 : 600
  const rounds = quick ? 2 : 5
  const arrivals = new Map<string, number[]>()
  const well = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url !== '/fifth')
        arrivals.get(String(request.headers[ID]))?.push(performance.now())
      response.writeHead(204).end()
    })
  })
  const silent = createServer(() => {})
  const url = `http://127.0.0.1:${await listenOn(well)}`
  const kinds = {
    healthy: `${url}/fifth`,
    // Repeats the healthy case. Its ratio shows the noise of the measurement.
    'healthy once more': `${url}/fifth`,
    'rejecting connections': `http://127.0.0.1:${await freePort()}/fifth`,
    'never answering': `http://127.0.0.1:${await listenOn(silent)}/fifth`,
  }
  const found = new Map<string, (readonly number[])[]>(Object.keys(kinds).map((kind) => [kind, []]))
  for (let round = 0; round < rounds; round++) {
    console.log(`down: round ${round + 1} of ${rounds}`)
    for (const [kind, fifth] of Object.entries(kinds)) found.get(kind)!.push(await measure(fifth))
  }
  for (const server of [well, silent]) {
    server.closeAllConnections()
    server.close()
  }
  const at = (kind: string, part: number): readonly number[] =>
    found.get(kind)!.map((times) => quantile(times, part))
  // Compares each round with the healthy case of the same round.
  const ratio = (kind: string, part: number): number => {
    const beside = at('healthy', part)
    return median(at(kind, part).map((time, round) => time / beside[round]!))
  }
  return {
    tables: [
      {
        title: 'Down: a destination that is down, and the others',
        note: `forward() from a SQLite inbox to four healthy destinations and a fifth, ${events} events, one every ${GAP} ms: milliseconds from receive() to the arrival at the four; in brackets the ratio to the run beside it where the fifth is healthy.`,
        head: ['the fifth is', ...QUANTILES.map((part) => `p${part * 100}`)],
        rows: Object.keys(kinds).map((kind) => [
          kind,
          ...QUANTILES.map(
            (part) => `${median(at(kind, part)).toFixed(2)} (${ratio(kind, part).toFixed(2)})`,
          ),
        ]),
      },
    ],
    targets: ['rejecting connections', 'never answering'].map((kind): Target => ({
      what: `Down, latency of the others while one is ${kind}, p50`,
      got: ratio(kind, 0.5),
      bound: 1.1,
      lower: true,
    })),
  }

  /** Returns the milliseconds from receiving an event to its arrival at each healthy destination. */
  async function measure(fifth: string): Promise<readonly number[]> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-down-'))
    const inbox = sqliteInbox({ path: join(folder, 'inbox.db') })
    const receiver = benchReceiver({ inbox })
    const handler = forward({
      to: [...Array.from({ length: HEALTHY }, (_, nth) => `${url}/${nth}`), fifth],
      sign: false,
      headers: [ID],
      timeout: '2s',
      allowHttp: true,
      allowPrivate: true,
    })
    receiver.onAny({ name: 'out' }, handler)
    const { headers, body } = delivery('github', 1024)
    arrivals.clear()
    const sent = new Map<string, number>()
    for (let nth = 0; nth < events; nth++) {
      const id = nextId()
      arrivals.set(id, [])
      sent.set(id, performance.now())
      void receiver.receive({
        url: 'http://localhost/hook',
        headers: { ...headers, [ID]: id },
        body,
      })
      await sleep(GAP)
    }
    while ([...arrivals.values()].some((times) => times.length < HEALTHY)) await sleep(10)
    await receiver.close({ timeout: 0 })
    await handler.close()
    await inbox.close()
    rmSync(folder, { recursive: true })
    // Leaves out the first 50 events, which open connections.
    return [...arrivals]
      .slice(50)
      .flatMap(([id, times]) => times.map((time) => time - sent.get(id)!))
  }
}

const nextId = createIds()
