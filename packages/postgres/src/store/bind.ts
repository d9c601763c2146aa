import pg from 'pg'
import { isPacked, writeParts, type Column } from './columns.ts'
import type { SpareBytes } from './pack.ts'
import type { PgClient } from './pg.ts'

/** A statement with parameters of which some are packed. */
interface Statement {
  readonly text: string
  /** Under which it is prepared. @default not prepared */
  readonly name: string | undefined
  readonly values: readonly unknown[]
}

/**
 * Tells which clients' queries {@link sendBound} can write: those of the `pg` that this package uses, as long as that asks its
 * connection to bind. With a release that does not, `pg` writes them by itself.
 */
export function boundClients(): (client: unknown) => boolean {
  let asked = false
  const connection = new Proxy(
    { parsedStatements: {}, submittedNamedStatements: {}, stream: {}, bind: () => (asked = true) },
    { get: (target, name) => (name in target ? target[name as keyof typeof target] : () => {}) },
  )
  try {
    new pg.Query({ text: 'SELECT 1', queryMode: 'extended' } as pg.QueryConfig).submit(
      connection as never,
    )
  } catch {
    asked = false
  }
  return (client) => asked && client instanceof pg.Client
}

/**
 * Runs a statement whose parameters are written straight into memory that is used again. `pg` itself makes a text of each
 * array, and two copies of all bytes outside of V8's heap.
 */
export function sendBound<T>(
  client: PgClient,
  { text, name, values }: Statement,
  spare: SpareBytes,
): Promise<readonly T[]> {
  const message = bindMessage(name ?? '', values, spare)
  return new Promise((resolve, reject) => {
    const query = new pg.Query({
      text,
      ...(name !== undefined && { name }),
      queryMode: 'extended',
      callback(error: Error | undefined, result: { readonly rows: readonly T[] }) {
        if (error) return reject(error)
        // It was read: there is an answer.
        spare.giveBack(message)
        resolve(result.rows)
      },
    } as pg.QueryConfig)
    const { submit } = query
    query.submit = (connection) => {
      const { stream } = connection
      const bind = (): boolean => stream.writable && stream.write(message)
      return submit.call(query, Object.create(connection, { bind: { value: bind } }) as never)
    }
    void client.query(query as never)
  })
}

// PostgreSQL's numbers of the types of elements.
const OIDS: Readonly<Record<Column['type'], number>> = {
  int2: 21,
  int4: 23,
  int8: 20,
  text: 25,
  uuid: 2950,
}
const BIND = 66
const MISSING = -1
const STEP = 64 * 1024

/** A Bind message (https://www.postgresql.org/docs/current/protocol-message-formats.html); all results come as text. */
function bindMessage(statement: string, values: readonly unknown[], spare: SpareBytes): Buffer {
  const room = values.reduce<number>((sum, value) => sum + roomOf(value), 20 + statement.length)
  const out = spare.take(Math.ceil(room / STEP) * STEP)
  out[0] = BIND
  // The unnamed portal.
  out[5] = 0
  let at = 6 + out.write(statement, 6, 'latin1')
  out[at++] = 0
  at = out.writeInt16BE(values.length, at)
  for (const value of values) at = out.writeInt16BE(isPacked(value) ? 1 : 0, at)
  at = out.writeInt16BE(values.length, at)
  for (const value of values) {
    const from = at + 4
    at = writeValue(out, from, value)
    out.writeInt32BE(at - from, from - 4)
  }
  at = out.writeInt16BE(0, at)
  out.writeInt32BE(at - 1, 1)
  return out.subarray(0, at)
}

/** At most this number of bytes, with its length and its format. */
function roomOf(value: unknown): number {
  if (!isPacked(value)) return 6 + 3 * String(value).length
  if ('parts' in value) return 6 + value.size
  let room = 26
  for (const each of value.values) room += typeof each === 'string' ? 4 + 3 * each.length : 12
  return room
}

function writeValue(out: Buffer, at: number, value: unknown): number {
  if (!isPacked(value)) return at + out.write(String(value), at)
  return 'parts' in value ? writeParts(out, at, value.parts) : writeColumn(out, at, value)
}

/** An array of one dimension, its elements numbered from 1. */
function writeColumn(out: Buffer, from: number, { type, values }: Column): number {
  let at = out.writeInt32BE(values.length === 0 ? 0 : 1, from)
  at = out.writeInt32BE(values.includes(null) ? 1 : 0, at)
  at = out.writeInt32BE(OIDS[type], at)
  if (values.length === 0) return at
  at = out.writeInt32BE(values.length, at)
  at = out.writeInt32BE(1, at)
  for (const value of values) {
    if (value === null) {
      at = out.writeInt32BE(MISSING, at)
      continue
    }
    const start = at + 4
    at = writeElement(out, start, type, value)
    out.writeInt32BE(at - start, start - 4)
  }
  return at
}

function writeElement(
  out: Buffer,
  at: number,
  type: Column['type'],
  value: number | string,
): number {
  if (typeof value === 'string') return at + out.write(value, at, type === 'uuid' ? 'hex' : 'utf8')
  if (type === 'int2') return out.writeInt16BE(value, at)
  if (type === 'int4') return out.writeInt32BE(value, at)
  return out.writeUInt32BE(value >>> 0, out.writeInt32BE(Math.floor(value / 2 ** 32), at))
}
