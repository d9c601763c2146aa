import type { FakeAnswer, FakeRequest } from './fake.ts'

type Route = (request: FakeRequest) => FakeAnswer

/** The rows of a fake, each named by a parameter of the path. */
export function rowsOf<Row = any>(
  missing: FakeAnswer,
  param = 'id',
  idOf: (row: any) => string = (row) => row.id,
) {
  const rows: Row[] = []
  const one =
    (then: (row: Row, request: FakeRequest) => FakeAnswer): Route =>
    (request) => {
      const row = rows.find((each) => idOf(each) === request.params[param])
      return row ? then(row, request) : missing
    }
  return {
    rows,
    add(row: Row): Row {
      rows.push(row)
      return row
    },
    one,
    shown: one((json) => ({ json })),
    changed: one((row, { body }) => ({ json: Object.assign(row as object, body) })),
    removed: (answer: (row: Row) => FakeAnswer = () => ({ status: 204 })): Route =>
      one((row) => {
        rows.splice(rows.indexOf(row), 1)
        return answer(row)
      }),
  }
}

/** A page of all rows, from a place, or behind the row with that value. */
export function pageOf<Row>(
  all: readonly Row[],
  size: number,
  from: unknown,
  valueOf?: (row: Row) => unknown,
): { readonly data: Row[]; readonly next: number; readonly more: boolean } {
  const at =
    valueOf && from !== undefined
      ? all.findIndex((row) => valueOf(row) === from) + 1
      : Number(from ?? 0)
  const next = at + size
  return { data: all.slice(at, next), next, more: next < all.length }
}

interface WithRows {
  readonly rows: any[]
}

/** The row with that id; senders have different names for it. */
function rowOf({ rows }: WithRows, id: string): any {
  return rows.find((row) => [row.id, row.gid, row.connectId, row.sys?.id].includes(id))
}

/** Turns a row off at the sender. */
export const off =
  (change: object) =>
  (fake: WithRows, id: string): void =>
    void Object.assign(rowOf(fake, id), change)

/** A member of a row. */
export const member =
  (name: string) =>
  (fake: WithRows, id: string): unknown =>
    rowOf(fake, id)[name]

/** Adds a row like the first. */
export const another =
  (name = 'id') =>
  ({ rows }: WithRows, at: number): unknown =>
    rows.push({ ...rows[0], [name]: `more-${at}` })
