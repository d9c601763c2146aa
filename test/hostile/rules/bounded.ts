import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { RuleCase, RulePart } from './rule.ts'
import { places } from './pages/opened.ts'

const MIB = 1024 * 1024
const SENT = 64 * MIB
const MOST = 24 * MIB
const PART = Buffer.alloc(64 * 1024, 'x')
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const token = 'a token of rule four'

interface Body {
  readonly target: string
  readonly head: readonly string[]
  readonly isChunked: boolean
}

const signedIn = `authorization: Bearer ${token}`
const action = [
  'x-postern-action: 1',
  'sec-fetch-site: same-origin',
  'content-type: application/json',
]
const BODIES: Readonly<Record<string, Body>> = {
  'a sign-in without a length': {
    target: '',
    head: ['content-type: application/x-www-form-urlencoded'],
    isChunked: true,
  },
  'a sign-in with a length': {
    target: '',
    head: ['content-type: application/x-www-form-urlencoded'],
    isChunked: false,
  },
  'a sign-in of no type': { target: '/', head: [], isChunked: true },
  'a sign-in of JSON': { target: '', head: ['content-type: application/json'], isChunked: true },
  'a route for a stranger': { target: '/~/api/list', head: [], isChunked: true },
  'an edited payload of the owner': {
    target: '/~/api/rerun',
    head: [signedIn, ...action],
    isChunked: true,
  },
  'a filter of the owner': {
    target: '/~/api/replay',
    head: [signedIn, ...action],
    isChunked: false,
  },
}

export const bounded: RulePart = {
  rule: '4',
  title: 'every body is bounded',
  async open(inboxes) {
    const { all, close } = await places(inboxes)
    const cases = await Promise.all(
      all.map(async (place): Promise<readonly RuleCase[]> => {
        const { url } = await place.open({ auth: { token } })
        return Object.entries(BODIES).map(([name, body]) => ({
          name: `${name}, of ${SENT / MIB} MiB`,
          at: place.host,
          inbox: place.name,
          run: () => flooded(url, body),
        }))
      }),
    )
    // A case waits two seconds for each unread body, so four cases run in parallel. Together they hold less than the
    // limit of one.
    return { cases: cases.flat(), together: 4, close }
  },
}

/** Sends a body as fast as possible. Returns an error if the process buffers too many bytes. */
async function flooded(url: string, body: Body): Promise<string | undefined> {
  const { port, pathname } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  collect()
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  let reply = ''
  let isOver = false
  socket.on('data', (part) => {
    reply += part.toString('latin1').slice(0, 100)
    isOver = true
  })
  // If the server closes the connection during a body, this counts as a rejection.
  for (const event of ['error', 'close', 'end']) socket.on(event, () => (isOver = true))
  const length = body.isChunked ? 'transfer-encoding: chunked' : `content-length: ${SENT}`
  socket.write(
    [
      `POST ${pathname}${body.target} HTTP/1.1`,
      'host: localhost',
      length,
      ...body.head,
      '',
      '',
    ].join('\r\n'),
  )
  const part = body.isChunked
    ? Buffer.concat([Buffer.from(`${PART.length.toString(16)}\r\n`), PART, Buffer.from('\r\n')])
    : PART
  for (let sent = 0; sent < SENT && !isOver; sent += PART.length) {
    if (!socket.write(part)) await drained(socket)
    most = Math.max(most, held(before))
  }
  socket.destroy()
  if (/^HTTP\/1.1 (?:2|5)/.test(reply)) return `it was answered ${reply.slice(0, 40)}`
  return most > MOST ? `${Math.round(most / MIB)} MiB were held` : undefined
}

/** Returns the bytes in use above `before`. If they exceed the limit, collects garbage and counts again. */
function held(before: number): number {
  const first = process.memoryUsage().arrayBuffers - before
  if (first <= MOST) return first
  collect()
  return process.memoryUsage().arrayBuffers - before
}

function drained(socket: ReturnType<typeof connect>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      for (const event of ['drain', 'close', 'error', 'data']) socket.off(event, done)
      resolve()
    }
    // The connection stalls: the server neither reads nor replies, so it buffers nothing more.
    const timer = setTimeout(() => {
      socket.destroy()
      done()
    }, 2000)
    for (const event of ['drain', 'close', 'error', 'data']) socket.once(event, done)
  })
}
