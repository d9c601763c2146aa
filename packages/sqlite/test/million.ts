// A million events in one file: how long each list takes, and how long a search blocks the event loop. Run it with
// `node packages/sqlite/test/million.ts [events]`. It exits with 1 if a list takes more than 50 ms (median), or if a
// search for a rare topic exceeds its time limit.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Consumer } from '@postern/core/engine'
import type { TaskQuery } from '@postern/core/inbox'
import { sqliteInbox } from '../src/index.ts'

const EVENTS = Number(process.argv[2] ?? 1_000_000)
const BATCH = 200
const MOST = 50
// A topic has no index: the search looks at its events, newest first, for 500 ms at most.
const SEARCH = 600
const TOPICS = ['orders/create', 'orders/paid', 'orders/cancelled', 'users/new', 'invoice.sent']

const folder = mkdtempSync(join(tmpdir(), 'postern-million-'))
const path = join(folder, 'inbox.db')
const inbox = sqliteInbox({ path, maxPending: 10_000_000 })
const start = Date.now() - 5 * 86_400_000
let settled = 0
const lanes = ['mail', 'books'].map((name) => ({
  name,
  previousNames: [],
  concurrency: 100,
  ordered: false,
  timeout: 60_000,
  attempts: 8,
}))
const consumer: Consumer = {
  receiver: 'shop',
  retrySpan: 0,
  lanes: () => lanes,
  run({ event }) {
    const number = Number(event.id?.slice(4))
    const error = { name: 'Error', message: `the till number ${number} is jammed (${number % 7})` }
    if (number % 400 === 0) return { kind: 'dead', error }
    if (number % 400 === 1) return { kind: 'retry', at: Date.now() + 86_400_000, error }
    return { kind: 'done' }
  },
  settled: () => void settled++,
  warn: console.warn,
  now: Date.now,
}
const port = inbox.attach(consumer)
port.work!()

const began = performance.now()
for (let at = 0; at < EVENTS; at += BATCH * 4) {
  await Promise.all(Array.from({ length: 4 }, async (_, more) => accept(at + more * BATCH)))
  while (settled < at - 20_000) await new Promise((resolve) => setTimeout(resolve, 5))
}
while (settled < EVENTS) await new Promise((resolve) => setTimeout(resolve, 20))
const took = (performance.now() - began) / 1000
console.log(
  `${EVENTS} events in ${took.toFixed(0)} s, ${(statSync(path).size / 2 ** 20).toFixed(0)} MiB`,
)

const view = inbox.view!
const cause = (await view.causes!())[0]!.cause
const lists: Readonly<Record<string, TaskQuery>> = {
  'newest page': {},
  'by id': { eventId: `evt-${Math.floor(EVENTS / 3)}` },
  'by id, unknown': { eventId: 'evt-none' },
  'by key': { keys: [`:evt-${Math.floor(EVENTS / 4) | 1}`] },
  'by topic': { topic: 'users/new' },
  'by topic pattern': { topic: 'orders/*' },
  'rare topic': { topic: 'rare/thing' },
  'absent topic': { topic: 'no/such' },
  'dead, newest': { state: 'dead' },
  'dead of a subscription': { state: 'dead', subscription: 'books' },
  'by cause': { cause },
  'failing, waiting': { state: 'pending' },
  running: { state: 'running' },
  'a minute of yesterday': { after: start + 86_400_000, before: start + 86_460_000 },
  'done, newest': { state: 'done' },
}
const table: Record<string, { median: number; rows: number }> = {}
for (const [name, query] of Object.entries(lists))
  table[name] = await measure(async () => (await view.list({ limit: 50, ...query })).rows.length)
table['causes'] = await measure(async () => (await view.causes!()).length)
table['stats'] = await measure(async () => (await view.stats()).length)
table['version'] = await measure(async () => Number(await view.version!()) && 1)
console.table(table)

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const searched = await view.list({ text: 'no such text at all', budget: 3000 })
delay.disable()
console.log(
  `a text search of 3 s reached ${searched.searchedTo === undefined ? 'the end' : new Date(searched.searchedTo).toISOString()}; the longest turn of the event loop took ${(delay.max / 1e6).toFixed(0)} ms`,
)
const boundOf = (name: string): number => (/^(?:rare|absent)/.test(name) ? SEARCH : MOST)
const late = Object.entries(table).filter(([name, { median }]) => median > boundOf(name))
for (const [name] of late) console.error(`${name}: more than ${boundOf(name)} ms`)
await inbox.close()
rmSync(folder, { recursive: true })
process.exit(late.length > 0 ? 1 : 0)

async function accept(from: number): Promise<void> {
  const items = Array.from({ length: Math.min(BATCH, EVENTS - from) }, (_, more) => {
    const number = from + more
    const tenant = number % 2 === 0 ? `tenant-${number % 10}` : undefined
    const id = `evt-${number}`
    return {
      event: {
        key: tenant === undefined ? `:${id}` : `${tenant.length}:${tenant}:${id}`,
        dedupe: true,
        id,
        topic: number % 250_000 === 77 ? 'rare/thing' : TOPICS[number % TOPICS.length]!,
        aliases: [],
        payload: { number, note: 'x'.repeat(150) },
        tenant,
        provider: 'acme',
      },
      tasks: [{ subscription: number % 3 === 0 ? 'books' : 'mail' }],
    }
  })
  const receivedAt = start + Math.floor((from / EVENTS) * 4 * 86_400_000)
  const delivery = {
    method: 'POST',
    url: '/hooks',
    headers: [],
    body: new Uint8Array(),
    receivedAt,
  }
  await port.accept({ delivery, items }, {})
}

async function measure(ask: () => Promise<number>): Promise<{ median: number; rows: number }> {
  const times: number[] = []
  let rows = 0
  for (let round = 0; round < 15; round++) {
    const from = performance.now()
    rows = await ask()
    times.push(performance.now() - from)
  }
  times.sort((one, other) => one - other)
  return { median: Math.round(times[7]! * 100) / 100, rows }
}
