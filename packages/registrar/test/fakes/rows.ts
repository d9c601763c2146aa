import type { FakeAnswer, FakeRequest } from './fake.ts'

type Route = (request: FakeRequest) => FakeAnswer

/** Returns the rows of a fake, and routes for them. A parameter of the path has the id of a row. */
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

/** Returns a page of rows, from an index or after the row with this value. */
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

/** Returns the row with this id. Senders have different names for the id. */
function rowOf({ rows }: WithRows, id: string): any {
  return rows.find((row) => [row.id, row.gid, row.connectId, row.sys?.id].includes(id))
}

/** Disables a row, as its owner does at the sender. */
export const off =
  (change: object) =>
  (fake: WithRows, id: string): void =>
    void Object.assign(rowOf(fake, id), change)

export const member =
  (name: string) =>
  (fake: WithRows, id: string): unknown =>
    rowOf(fake, id)[name]

/** Adds a copy of the first row with another id. */
export const another =
  (name = 'id') =>
  ({ rows }: WithRows, at: number): unknown =>
    rows.push({ ...rows[0], [name]: `more-${at}` })
