import { DatabaseSync } from 'node:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { bullmqInbox } from '@postern/bullmq'
import { memoryInbox } from '@postern/core'
import { bucketOf, floor, MINUTE } from '@postern/core/engine'
import type { Journal, MinuteCount, MinuteGauge } from '@postern/core/inbox'
import { postgresInbox } from '@postern/postgres'
import { sqliteInbox } from '@postern/sqlite'
import { Redis } from 'ioredis'
import pg from 'pg'
import { unique } from '../inboxes.ts'
import type { Table, Target } from '../report/part.ts'

const RECEIVER = 'shop'
const SUBSCRIPTIONS = Array.from({ length: 10 }, (_, at) => `subscription-${at}`)
/** Deliveries per minute, which are a million per day. */
const A_MINUTE = 694
const MIB = 2 ** 20
/** History has one record per minute for two days, and one per hour for the other 28. */
const MINUTES = 2 * 1440
const HOURS = 28 * 24

interface Store {
  readonly journal: Journal
  bytes(): Promise<number>
  close(): Promise<unknown>
}

/**
 * Computes the size of 30 days of history with a million deliveries per day, from some minutes and some hours. An hour
 * is stored like a minute. Here it is written as a minute with the counts of 60 minutes.
 */
export async function historyOfAMonth(
  env: Readonly<Record<string, string>>,
  quick: boolean,
): Promise<{ readonly table: Table; readonly targets: readonly Target[] }> {
  const rows: string[][] = []
  const targets: Target[] = []
  const [minutes, hours] = quick ? [10, 4] : [180, 48]
  for (const [name, make] of storesOf(env)) {
    const minute = await sizeOf(make, minutes, 1)
    const hour = await sizeOf(make, hours, 60)
    const month = (MINUTES * minute + HOURS * hour) / MIB
    rows.push([name, (minute / 1024).toFixed(2), (hour / 1024).toFixed(2), month.toFixed(1)])
    targets.push({
      what: `30 days of history at a million deliveries a day, ${name}`,
      got: month,
      bound: 50,
      lower: true,
      digits: 1,
      unit: 'MiB',
    })
  }
  return {
    table: {
      title: 'Journal: 30 days of history at a million deliveries a day',
      note: `One receiver with ten subscriptions; a tenth of the runs fail, in six causes, and a hundredth of the deliveries is rejected. Times from 1 ms to 1 s. ${minutes} minutes and ${hours} hours were written; the month is two days of minutes and 28 of hours, with a gauge of each subscription. SQLite: pages of the tables. PostgreSQL: the tables with their indexes. BullMQ: MEMORY USAGE of the keys. memory: the heap after a collection.`,
      head: ['inbox', 'KiB a minute', 'KiB an hour', 'MiB in 30 days'],
      rows,
    },
    targets,
  }
}

async function sizeOf(make: () => Promise<Store>, spans: number, minutes: number): Promise<number> {
  const store = await make()
  const now = floor(Date.now(), MINUTE)
  // `sizeOf` measures the growth between two writes. The empty store and names that are stored once do not count.
  const write = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at++)
      await store.journal.write({
        arrived: [],
        minutes: countsOf(now - at * MINUTE, minutes),
        gauges: gaugesOf(now - at * MINUTE),
        lost: 0,
      })
  }
  await write(0, spans)
  const first = await store.bytes()
  await write(spans, 2 * spans)
  const second = await store.bytes()
  await store.close()
  return (second - first) / spans
}

let seed = 1

function random(): number {
  return (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** Returns the counts of `minutes` minutes, as one minute. */
function countsOf(minute: number, minutes: number): readonly MinuteCount[] {
  const series = new Map<string, Mutable<MinuteCount> & { readonly buckets: Map<number, number> }>()
  for (let count = 0; count < A_MINUTE * minutes; count++) {
    const rejected = random() < 0.01
    add(
      { kind: 'delivery', by: 'outcome', value: rejected ? 'rejected' : 'accepted' },
      took() / 100,
    )
    if (rejected) {
      add({ kind: 'delivery', by: 'code', value: `code-${pick(3)}` }, took() / 100)
      continue
    }
    const subscription = SUBSCRIPTIONS[pick(SUBSCRIPTIONS.length)]!
    const value = random() < 0.9 ? 'done' : ['retry', 'dead', 'postpone'][pick(3)]!
    add({ subscription, kind: 'attempt', by: 'outcome', value }, took())
    if (value === 'done') add({ subscription, kind: 'end-to-end', by: 'outcome', value }, took())
    else if (value !== 'postpone')
      add({ subscription, kind: 'attempt', by: 'cause', value: `cause-${pick(6)}` }, took())
  }
  return [...series.values()].map(({ buckets, ...one }) => ({
    ...one,
    histogram: [...buckets].toSorted(([a], [b]) => a - b),
  }))

  function add(
    name: Pick<MinuteCount, 'subscription' | 'kind' | 'by' | 'value'>,
    micros: number,
  ): void {
    const key = JSON.stringify(name)
    let one = series.get(key)
    if (!one) {
      const empty = { count: 0, sum: 0, max: 0, histogram: [], buckets: new Map<number, number>() }
      series.set(key, (one = { minute, receiver: RECEIVER, ...name, ...empty }))
    }
    one.count++
    one.sum += micros
    one.max = Math.max(one.max, micros)
    const bucket = bucketOf(micros)
    one.buckets.set(bucket, (one.buckets.get(bucket) ?? 0) + 1)
  }
}

/** Returns random microseconds from 1 ms to 1 s, evenly spread on a logarithmic scale. */
function took(): number {
  return Math.round(1000 * 10 ** (3 * random()))
}

function pick(count: number): number {
  return Math.floor(random() * count)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function gaugesOf(minute: number): readonly MinuteGauge[] {
  return SUBSCRIPTIONS.map((subscription) => ({
    minute,
    receiver: RECEIVER,
    subscription,
    pending: pick(50),
    running: pick(10),
    dead: pick(500),
    oldestDueAt: minute - pick(60_000),
  }))
}

function storesOf(
  env: Readonly<Record<string, string>>,
): readonly (readonly [string, () => Promise<Store>])[] {
  const redis = env['BENCH_REDIS']
  const postgres = env['BENCH_POSTGRES']
  return [
    ['memory', memoryStore],
    ['SQLite', sqliteStore],
    ...(redis === undefined ? [] : [['BullMQ', () => bullmqStore(redis)] as const]),
    ...(postgres === undefined ? [] : [['PostgreSQL', () => postgresStore(postgres)] as const]),
  ]
}

async function memoryStore(): Promise<Store> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const inbox = memoryInbox()
  return {
    journal: inbox.journal!,
    // The rest of the heap stays the same between two measurements, so the difference is the history.
    async bytes() {
      collect()
      return process.memoryUsage().heapUsed
    },
    close: () => inbox.close(),
  }
}

async function sqliteStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const path = join(folder, 'inbox.db')
  const inbox = sqliteInbox({ path })
  return {
    journal: inbox.journal!,
    async bytes() {
      const db = new DatabaseSync(path)
      const { bytes } = db
        .prepare(
          "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name LIKE 'postern_spans%' OR name LIKE 'postern_series%'",
        )
        .get() as { bytes: number }
      db.close()
      return bytes
    },
    async close() {
      await inbox.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function bullmqStore(url: string): Promise<Store> {
  const prefix = `{${unique()}}`
  const inbox = bullmqInbox({ connection: url, prefix })
  const client = new Redis(url)
  return {
    journal: inbox.journal!,
    async bytes() {
      let sum = 0
      for (const key of await client.keys(`${prefix}*`))
        sum += Number(await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'))
      return sum
    },
    async close() {
      client.disconnect()
      await inbox.close()
    },
  }
}

async function postgresStore(url: string): Promise<Store> {
  const schema = unique()
  const inbox = postgresInbox({ connectionString: url, schema })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    journal: inbox.journal!,
    async bytes() {
      await client.query(`VACUUM FULL ${schema}.postern_history`)
      const { rows } = await client.query<{ bytes: string }>(
        `SELECT pg_total_relation_size('${schema}.postern_history') + pg_total_relation_size('${schema}.postern_series') AS bytes`,
      )
      return Number(rows[0]!.bytes)
    },
    async close() {
      await client.end()
      await inbox.close()
    },
  }
}
