import fc from 'fast-check'
import { edits } from './mutate.ts'

/** Request with its header lines as a list. */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** Change of a request. */
export type Change = (request: Request) => Request

const PIECES = [
  '=',
  ',',
  ';',
  '.',
  ':',
  ' ',
  '"',
  '&',
  '%',
  '{',
  '}',
  '0',
  'a',
  '<',
  '>',
  '\0',
  'é',
  't=',
  'v1=',
  'sha256=',
  'Bearer ',
  '__proto__',
  '1'.repeat(400),
]

/** Returns changes of the body, a header line, or path and query. */
export function changes(): fc.Arbitrary<Change> {
  const bytes = edits(PIECES)
  const place = fc.nat({ max: 99 })
  const text = fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 20 }))
  return fc.oneof(
    {
      weight: 3,
      arbitrary: bytes.map((edit): Change => (request) => ({
        ...request,
        body: edit(request.body),
      })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(place, bytes)
        .map(([where, edit]): Change =>
          headerAt(where, ([name, value]) => [
            [name, Buffer.from(edit(Buffer.from(value, 'latin1'))).toString('latin1')],
          ]),
        ),
    },
    { weight: 1, arbitrary: place.map((where) => headerAt(where, () => [])) },
    { weight: 1, arbitrary: place.map((where) => headerAt(where, (line) => [line, line])) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(place, text, fc.boolean())
        .map(([where, value, before]) =>
          headerAt(where, (line) => (before ? [[line[0], value], line] : [line, [line[0], value]])),
        ),
    },
    {
      weight: 2,
      arbitrary: bytes.map((edit): Change => (request) => {
        const start = request.url.indexOf('/', 8)
        const path = Buffer.from(edit(Buffer.from(request.url.slice(start)))).toString('latin1')
        return {
          ...request,
          url: request.url.slice(0, start) + (path.startsWith('/') ? path : `/${path}`),
        }
      }),
    },
  )
}

function headerAt(
  where: number,
  change: (line: readonly [string, string]) => readonly (readonly [string, string])[],
): Change {
  return (request) => {
    const { headers } = request
    if (headers.length === 0) return request
    return {
      ...request,
      headers: headers.flatMap((line, at) =>
        at === where % headers.length ? change(line) : [line],
      ),
    }
  }
}
