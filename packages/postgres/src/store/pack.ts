import {
  storable,
  hashOf,
  TASKS,
  type NewDelivery,
  type NewEvent,
  type NewTask,
  type StoreBatch,
} from '@postern/core/engine'
import { ints, texts } from '../sql/lines.ts'

export function valuesOf({ events, tasks }: StoreBatch, lease: number): Record<string, unknown> {
  const bytes = createBytes()
  const shared = new Map<NewDelivery, number>()
  const starts: number[] = []
  const records: number[] = []
  const heads: number[] = []
  const bodies: number[] = []
  const deliveries: (number | null)[] = []
  for (const { number, record, delivery } of events) {
    const several = delivery.events > 1
    if (several && !shared.has(delivery)) shared.set(delivery, number)
    deliveries.push(several ? shared.get(delivery)! : null)
    starts.push(bytes.size)
    records.push(bytes.text(record))
    heads.push(several ? -1 : bytes.text(delivery.head))
    bodies.push(several ? -1 : bytes.add(delivery.body))
  }
  const sharedStarts: number[] = []
  const sharedHeads: number[] = []
  const sharedBodies: number[] = []
  for (const { head, body } of shared.keys()) {
    sharedStarts.push(bytes.size)
    sharedHeads.push(bytes.text(head))
    sharedBodies.push(bytes.add(body))
  }
  const text = (of: (event: NewEvent['event']) => string | undefined): Column =>
    column('text', events, ({ event }) => {
      const value = of(event)
      return value === undefined ? null : storable(value)
    })
  const size = (sizes: readonly number[]): Column => column('int4', sizes, (one) => one)
  return {
    ids: column('int8', events, ({ number }) => number),
    hashes: column('uuid', events, ({ receiver, event }) => hashOf(receiver, event.key)),
    received: column('int8', events, ({ delivery }) => delivery.received),
    contents: column('int2', events, ({ event }) => (event.passing ? 1 : null)),
    deliveries: column('int8', deliveries, (one) => one),
    receiver: storable(events[0]!.receiver),
    keys: text(({ key }) => key),
    eventIds: text(({ id }) => id),
    topics: text(({ topic }) => topic),
    tenants: text(({ tenant }) => tenant),
    providers: text(({ provider }) => provider),
    starts: size(starts),
    records: size(records),
    heads: size(heads),
    bodies: size(bodies),
    bytes: bytes.all(),
    sharedIds: ints([...shared.values()]),
    sharedStarts: ints(sharedStarts),
    sharedHeads: ints(sharedHeads),
    sharedBodies: ints(sharedBodies),
    lease,
    token: tasks.find(({ token }) => token > 0)?.token ?? 0,
    tasks: column('int8', tasks, ({ event, n }) => event!.number * TASKS + n),
    lanes: column('int4', tasks, ({ lane }) => lane),
    running: column('int2', tasks, ({ token }) => (token > 0 ? 1 : 0)),
    ...(tasks.some(isBound) && rareColumns(tasks)),
  }
}

/** Returns true for a task that needs more columns than the plain insert has. */
export function isBound({ part, data, line, fair }: NewTask): boolean {
  return part !== '' || data !== null || line !== null || fair !== null
}

function rareColumns(tasks: readonly NewTask[]): Record<string, string> {
  return {
    parts: texts(tasks.map(({ part }) => storable(part))),
    data: texts(tasks.map(({ data }) => data)),
    lines: ints(tasks.map(({ line }) => line)),
    fair: texts(tasks.map(({ fair }) => fair && storable(fair))),
    turns: ints(tasks.map(({ turn }) => turn)),
    ...(tasks.some(({ fold }) => fold !== null) && {
      folds: texts(tasks.map(({ fold }) => fold && storable(fold))),
      waits: ints(tasks.map(({ wait }) => Math.ceil(wait))),
      gates: ints(tasks.map(({ gate }) => gate)),
    }),
  }
}

/** Returns the columns of child tasks, in the order of the parameters of SPAWN. */
export function childColumns(children: readonly NewTask[]): readonly string[] {
  const { parts, data, lines, fair, turns, folds, waits, gates } = rareColumns(children)
  const zeros = ints(children.map(() => 0))
  const last = [folds ?? texts(children.map(() => null)), waits ?? zeros, gates ?? zeros]
  return [parts!, data!, lines!, fair!, turns!, ...last]
}

/** Reused memory for batches. V8 collects its whole heap after some megabytes of allocations outside of the heap. */
export interface SpareBytes {
  take(size: number): Buffer
  giveBack(bytes: Buffer): void
}

// KEPT: number of buffers that are kept, as many as there are concurrent batches. LARGEST: maximum size of a kept
// buffer in bytes.
const KEPT = 2
const LARGEST = 1024 * 1024

export function createSpareBytes(): SpareBytes {
  const free: ArrayBufferLike[] = []
  return {
    take(size) {
      const memory = free.pop()
      return memory && memory.byteLength >= size
        ? Buffer.from(memory as ArrayBuffer, 0, size)
        : Buffer.allocUnsafeSlow(size)
    },
    giveBack({ buffer }) {
      if (free.length < KEPT && buffer.byteLength <= LARGEST) free.push(buffer)
    },
  }
}

function createBytes() {
  const parts: (string | Uint8Array)[] = []
  let size = 0
  return {
    get size() {
      return size
    },
    text(value: string): number {
      const length = Buffer.byteLength(value)
      parts.push(value)
      size += length
      return length
    },
    add(value: Uint8Array): number {
      parts.push(value)
      size += value.length
      return value.length
    },
    all: (): Pieces => pieces(parts, size),
  }
}

/** Element types of arrays that are sent in PostgreSQL's binary form. */
type ColumnType = 'int2' | 'int4' | 'int8' | 'text' | 'uuid'

/** An array as a parameter. `pg` calls `toPostgres` itself; for other drivers, `plainValue` calls it. */
export interface Column {
  readonly type: ColumnType
  /** The elements. Texts must be {@link storable}; a uuid has 32 hexadecimal digits. */
  readonly values: readonly (number | string | null)[]
  readonly toPostgres: () => string
}

/** Bytes as a parameter. The parts are joined only when they are sent. */
interface Pieces {
  readonly parts: readonly (string | Uint8Array)[]
  readonly size: number
  readonly toPostgres: () => Buffer
}

export function column<T>(
  type: ColumnType,
  items: readonly T[],
  of: (item: T) => number | string | null,
): Column {
  const values = items.map(of)
  return { type, values, toPostgres: () => literalOf(type, values) }
}

function literalOf(type: ColumnType, values: Column['values']): string {
  if (type === 'uuid') return `{${values.join()}}`
  return type === 'text'
    ? texts(values as readonly (string | null)[])
    : ints(values as readonly (number | null)[])
}

/** `size` is the total in bytes, with strings in UTF-8. */
export function pieces(parts: Pieces['parts'], size: number): Pieces {
  return {
    parts,
    size,
    toPostgres() {
      const all = Buffer.allocUnsafe(size)
      writeParts(all, 0, parts)
      return all
    },
  }
}

export function writeParts(out: Buffer, from: number, parts: Pieces['parts']): number {
  let at = from
  for (const part of parts)
    if (typeof part === 'string') at += out.write(part, at)
    else {
      out.set(part, at)
      at += part.length
    }
  return at
}

/** Returns a parameter in a form that any driver of the app accepts. */
export function plainValue(value: unknown): unknown {
  return isPacked(value) ? value.toPostgres() : value
}

export function isPacked(value: unknown): value is Column | Pieces {
  return typeof value === 'object' && value !== null && 'toPostgres' in value
}
