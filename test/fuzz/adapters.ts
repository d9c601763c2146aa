import assert from 'node:assert/strict'
import fc from 'fast-check'
import { edits } from './mutate.ts'
import { serveOn, serverNames } from '../services/hosts.ts'
import { openScene, type Scene } from './scene.ts'
import { exchange } from './socket.ts'
import type { FuzzTarget } from './target.ts'

type Change = (head: string) => string

const LINES = [
  'Content-Length: 5',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding : chunked',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Content-Encoding: gzip',
  'Content-Type: multipart/form-data; boundary=a',
  'Content-Type: application/json; charset=utf-16le',
  'Host: evil.example',
  'Host: a b',
  'Upgrade: h2c',
  'Connection: upgrade',
  'Connection: close, keep-alive',
  ' folded: line',
  'no colon',
  ': no name',
  'X-Long: ' + 'a'.repeat(20_000),
  'Cookie: __proto__=1',
  '__proto__: a',
  'constructor: a',
]
const STARTS = [
  'POST / HTTP/1.1',
  'POST http://evil.example/hooks HTTP/1.1',
  'POST //evil/hooks HTTP/1.1',
  'POST /hooks HTTP/1.0',
  'POST /hooks HTTP/2.0',
  'POST /hooks',
  'POST /%00%ff?%zz HTTP/1.1',
  'POST * HTTP/1.1',
  'PRI * HTTP/2.0',
  'GET /hooks HTTP/1.1',
  'HEAD /hooks HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'TRACE /hooks HTTP/1.1',
  'CONNECT evil:80 HTTP/1.1',
  'post /hooks HTTP/1.1',
  ' POST /hooks HTTP/1.1',
  '\r\nPOST /hooks HTTP/1.1',
]
const PIECES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  ':',
  '0\r\n\r\n',
  'fffffffffffffffff\r\n',
  '5;a=b\r\n',
  '-1\r\n',
  'é',
]

/** Each server gets damaged HTTP requests. None may end the process, and no handler may run for a damaged one. */
export const adapterTargets: readonly FuzzTarget[] = serverNames.map((name): FuzzTarget => ({
  area: 'adapters',
  name: `raw requests to ${name}`,
  law: async () => {
    const scene = await openScene((receiver) => serveOn(name, receiver))
    const law = fc.asyncProperty(
      fc.array(changes(), { minLength: 1, maxLength: 3 }),
      fc.array(edits(PIECES), { maxLength: 2 }),
      fc.boolean(),
      fc.array(fc.nat({ max: 9999 }), { maxLength: 2 }),
      fc.boolean(),
      (heads, bytes, chunked, cuts, pipelined) =>
        survives(scene, { heads, bytes, chunked, cuts, pipelined }),
    )
    return { property: law as never, close: scene.close }
  },
}))

interface Spoilt {
  readonly heads: readonly Change[]
  readonly bytes: readonly ((bytes: Uint8Array) => Uint8Array)[]
  readonly chunked: boolean
  /** Positions at which the bytes are split into several writes. */
  readonly cuts: readonly number[]
  /** Sends an unsigned second request on the same connection. */
  readonly pipelined: boolean
}

async function survives(scene: Scene, spoilt: Spoilt): Promise<void> {
  const { id, head, body } = scene.delivery()
  const changedHead = spoilt.heads.reduce((text, change) => change(text), head(spoilt.chunked))
  const whole = Buffer.concat([Buffer.from(changedHead, 'latin1'), framed(body, spoilt.chunked)])
  const sent = spoilt.bytes.reduce<Uint8Array>((bytes, edit) => edit(bytes), whole)
  const after = spoilt.pipelined ? Buffer.from(UNSIGNED) : Buffer.alloc(0)
  const answer = await exchange(scene.port, Buffer.concat([sent, after]), spoilt.cuts)
  assert.ok(!answer.late, 'the server neither answered nor closed the connection')
  // A status of 500 would come from Postern. The server itself replies with 505 or 501.
  assert.ok(!answer.statuses.includes(500), `status ${answer.statuses.join(', ')}`)
  const runs = scene.runs(id)
  assert.ok(runs.length <= 1, `a handler ran ${runs.length} times`)
  if (runs.length === 1) {
    assert.deepEqual(runs[0], scene.payload(id), 'a handler got another payload')
    const told = answer.received
    assert.ok(told.length === 0 || told[0]! < 300, `a handler ran, and the reply was ${told[0]}`)
  }
  assert.deepEqual(scene.strangers(), [], 'a handler ran for an event that nobody sent')
  await scene.check()
}

function changes(): fc.Arbitrary<Change> {
  return fc.oneof(
    fc.constantFrom(...STARTS).map(
      (start): Change =>
        (head) =>
          head.replace(/^[^\r\n]*/, () => start),
    ),
    fc.tuple(fc.nat({ max: 20 }), fc.constantFrom(...LINES)).map(([at, line]): Change => (head) => {
      const lines = head.split('\r\n')
      return lines.toSpliced(1 + (at % Math.max(1, lines.length - 2)), 0, line).join('\r\n')
    }),
    fc.nat({ max: 20 }).map((at): Change => (head) => {
      const lines = head.split('\r\n')
      return lines.toSpliced(1 + (at % Math.max(1, lines.length - 2)), 1).join('\r\n')
    }),
    fc.constant<Change>((head) => head.replaceAll('\r\n', '\n')),
  )
}

function framed(body: Uint8Array, chunked: boolean): Uint8Array {
  if (!chunked) return body
  const half = Math.floor(body.length / 2)
  const chunk = (bytes: Uint8Array): readonly Uint8Array[] => [
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]
  return Buffer.concat([
    ...chunk(body.subarray(0, half)),
    ...chunk(body.subarray(half)),
    Buffer.from('0\r\n\r\n'),
  ])
}

const UNSIGNED =
  'POST /hooks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'
