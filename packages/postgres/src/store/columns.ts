import { ints, texts } from '../sql/words.ts'

/** Types of arrays that are sent in PostgreSQL's binary form. */
type ColumnType = 'int2' | 'int4' | 'int8' | 'text' | 'uuid'

/** An array as a parameter. `toPostgres` makes its literal, for a driver that is not ours; `pg` calls it by itself. */
export interface Column {
  readonly type: ColumnType
  /** Texts must be {@link storable}; a uuid is its 32 digits. */
  readonly values: readonly (number | string | null)[]
  readonly toPostgres: () => string
}

/** Bytes as a parameter, in parts that nobody has put together yet. */
export interface Pieces {
  readonly parts: readonly (string | Uint8Array)[]
  readonly size: number
  readonly toPostgres: () => Buffer
}

/** Makes a {@link Column}: a value of each item. */
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

/** Makes {@link Pieces}; `size` is that of the parts, strings in UTF-8. */
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

/** Writes them one behind the other. Returns where they end. */
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

/** A parameter as a driver of the application takes it. */
export function plainValue(value: unknown): unknown {
  return isPacked(value) ? value.toPostgres() : value
}

/** True for a parameter of this file. */
export function isPacked(value: unknown): value is Column | Pieces {
  return typeof value === 'object' && value !== null && 'toPostgres' in value
}
