import { Buffer } from 'node:buffer'
import {
  DAY,
  type ArrivalRow,
  type Journaled,
  type RecordRow,
  type Ring,
  type SpanKey,
  type SpanKind,
  type Span,
} from '@postern/core/engine'
import { runScript, type RedisClient } from '../store/connection.ts'

// A ring is a bounded list of deliveries.
const RINGS: readonly Ring[] = ['verified', 'strangers']
// Maximum number of series (counts of one kind over time), and of spans that one call reads.
const SERIES = 20_000
const SPANS = 64
// Maximum number of rows that one script adds or drops. Redis runs nothing else during a script.
const ADDED = 50
const DROPPED = 1000

/**
 * Makes the journal's store in Redis. A span holds the counts of one minute or hour, as bytes. If another process
 * changes a span first, this process reads the span again and repeats its change.
 */
export function createJournaled(client: RedisClient, prefix: string): Journaled {
  return {
    async arrive(rows, lost) {
      for (const ring of RINGS) {
        const its = rows.filter((row) => row.ring === ring)
        for (let at = 0; at < its.length; at += ADDED) {
          const args = its.slice(at, at + ADDED).flatMap(arrivalArguments)
          await runScript(client, 'ARRIVE', prefix, ring, ...args)
        }
      }
      if (lost > 0) await client.incrby(`${prefix}:lost`, lost)
    },
    async trim(ring, { rows, bytes, before }) {
      // The script TRIM is repeated until the ring is within its bounds, so that old rows do not fill Redis.
      const args = [ring, rows, bytes, before, DROPPED] as const
      while ((await runScript(client, 'TRIM', prefix, ...args)) === DROPPED);
    },
    // Nothing to do: the script ARRIVE keeps only one request per source (the sender of a request).
    trimKept() {},
    async arrivals(before = '', limit) {
      const found = await runScript(client, 'PAGE', prefix, before, limit, ...RINGS)
      return (found as Found[])
        .sort(([one], [other]) => (one < other ? 1 : -1))
        .slice(0, limit)
        .map(arrivalOf)
    },
    async arrival(id) {
      for (const ring of RINGS) {
        const row = await client.hget(`${prefix}:rows:${ring}`, id)
        if (row === null) continue
        const kept = await client.hgetBuffer(`${prefix}:kept:${ring}`, id)
        return { ...arrivalOf([id, ring, row]), ...(kept && { kept: unpacked(kept) }) }
      }
      return undefined
    },
    async series(names) {
      const day = Math.floor(Date.now() / DAY)
      const numbers = await runScript(client, 'SERIES', prefix, day, SERIES, ...names)
      const all = names.map((name, at) => [name, (numbers as readonly number[])[at]!] as const)
      return new Map(all.filter(([, number]) => number > 0))
    },
    everySeries: async () => (await series()).map(([name, number]) => [number, name] as const),
    async dropSeries(before) {
      const old = (await series()).filter(([, , day]) => day < before)
      if (old.length > 0) await client.hdel(`${prefix}:series`, ...old.map(([name]) => name))
    },
    async merge(spans, change) {
      for (const span of spans)
        for (let done = false; !done;) {
          const before = await spanAt(span)
          done = await swap([span, before, change(span, before)])
        }
    },
    spans: (kind, from, to) => spansIn(kind, from, to),
    async rollUp(kind, before, to, add) {
      const taken = await spansIn(kind, '-inf', before)
      for (const { at } of taken)
        for (let done = false; !done;) {
          const span = { kind, at }
          const [data, sum] = await Promise.all([spanAt(span), spanAt(to(at))])
          // No data: another process has already added this span to the sum.
          if (!data) break
          done = await swap([span, data, undefined], [to(at), sum, add(sum, data, at)])
        }
      return taken.length === SPANS
    },
    async dropSpans(kind, before) {
      const old = await client.zrangebyscore(`${prefix}:at:${kind}`, '-inf', `(${before}`)
      if (old.length === 0) return
      await client.hdel(`${prefix}:span:${kind}`, ...old)
      await client.zrem(`${prefix}:at:${kind}`, ...old)
    },
    records: {
      async get(key) {
        const text = await client.hget(recordsOf(prefix, key), key)
        return text === null ? undefined : recordOf(text)
      },
      set: (key, value, expected) => setRecord(key, expected, value),
      delete: (key, expected) => setRecord(key, expected),
      async list(start) {
        const all = Object.entries(await client.hgetall(recordsOf(prefix, start)))
        return all
          .filter(([key]) => key.startsWith(start))
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([key, text]) => ({ key, ...recordOf(text) }))
      },
    },
  }

  async function setRecord(key: string, ...change: [number] | [number, string]): Promise<boolean> {
    const hash = recordsOf(prefix, key)
    return (await runScript(client, 'SET_RECORD', hash, key, ...change)) === 1
  }

  async function series(): Promise<readonly (readonly [string, number, day: number])[]> {
    return Object.entries(await client.hgetall(`${prefix}:series`)).map(([name, text]) => {
      const [number, day] = text.split(' ')
      return [name, Number(number), Number(day)] as const
    })
  }

  async function spanAt({ kind, at }: SpanKey): Promise<Buffer | undefined> {
    return (await client.hgetBuffer(`${prefix}:span:${kind}`, String(at))) ?? undefined
  }

  async function spansIn(
    kind: SpanKind,
    from: number | '-inf',
    to: number,
  ): Promise<readonly Span[]> {
    const times = await client.zrangebyscore(
      `${prefix}:at:${kind}`,
      from,
      `(${to}`,
      'LIMIT',
      0,
      SPANS,
    )
    if (times.length === 0) return []
    const found = await client.hmgetBuffer(`${prefix}:span:${kind}`, ...times)
    return found.flatMap((data, at) => (data ? [{ kind, at: Number(times[at]), data }] : []))
  }

  async function swap(
    ...changes: readonly (readonly [SpanKey, Buffer | undefined, Uint8Array | undefined])[]
  ): Promise<boolean> {
    const args = changes.flatMap(([{ kind, at }, before, after]) => [
      kind,
      at,
      before ?? '',
      // The bytes are wrapped in a Buffer, since the client does not send a Uint8Array as bytes.
      after ? Buffer.from(after) : '',
    ])
    return (await runScript(client, 'SWAP', prefix, ...args)) === 1
  }
}

/** Returns the key of a record's hash. Operators' actions have their own, since listing them reads a whole hash. */
export function recordsOf(prefix: string, key: string): string {
  return `${prefix}:${key.startsWith(ACTIONS) ? ACTIONS : 'records'}`
}

const ACTIONS = 'actions'

type Found = readonly [id: string, ring: Ring, row: string]

function arrivalArguments({ id, at, data, kept }: ArrivalRow): readonly (string | Buffer)[] {
  const row = `${Math.floor(at)} ${data}`
  if (!kept) return [id, row, '', '']
  const { source, head, body } = kept
  return [
    id,
    row,
    Buffer.concat([Buffer.from(`${JSON.stringify([source, head])}\n`), body]),
    source,
  ]
}

function unpacked(kept: Buffer): NonNullable<ArrivalRow['kept']> {
  const end = kept.indexOf('\n')
  const [source, head] = JSON.parse(kept.subarray(0, end).toString()) as [string, string]
  return { source, head, body: kept.subarray(end + 1) }
}

/** Parses a stored row. The time of an unreadable row is 0. */
function arrivalOf([id, ring, row]: Found): ArrivalRow {
  const at = Number.parseInt(row, 10) || 0
  return { id, ring, at, data: row.slice(row.indexOf(' ') + 1) }
}

/** Parses a record. A text without a version gets version 0, so that a new value can replace it. */
function recordOf(text: string): RecordRow {
  const version = /^(\d+) /.exec(text)?.[1] ?? ''
  return { value: version === '' ? '' : text.slice(version.length + 1), version: Number(version) }
}
