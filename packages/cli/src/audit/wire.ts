import { once } from 'node:events'
import { Agent, request as plain, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as secure } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import { readStart } from '@postern/core/internal'
import {
  REFUSED_CONNECTION,
  type AuditReply,
  type AuditRequest,
  type Send,
} from '@postern/testing/audit'

interface WireSettings {
  /** Maximum wait for a reply, in milliseconds. */
  readonly timeout: number
  /** Minimum time between the starts of two requests, in milliseconds. @default 0 */
  readonly pause?: number
}

// Maximum number of bytes to read from a reply, because any program may answer.
const MOST = 65_536
// Milliseconds between two bytes of a slow body.
const SLOW = 100
const MIB = 1024 * 1024

/**
 * Creates a client that sends requests over one connection, in chunks, slowly or cut off, as the `wire` of each request
 * says.
 */
export function createWire({ timeout, pause = 0 }: WireSettings): {
  readonly send: Send
  close(): void
} {
  const kept = [
    new Agent({ keepAlive: true, maxSockets: 1 }),
    new SecureAgent({ keepAlive: true, maxSockets: 1 }),
  ] as const
  let next = 0
  return {
    async send(request, { done }) {
      if (pause > 0) {
        const from = Math.max(next, performance.now())
        next = from + pause
        await wait(from - performance.now())
      }
      return exchange(request, kept, timeout, done)
    },
    close: () => kept.forEach((agent) => agent.destroy()),
  }
}

async function exchange(
  request: AuditRequest,
  [keep, secureKeep]: readonly [Agent, SecureAgent],
  timeout: number,
  done: AbortSignal,
): Promise<AuditReply | undefined> {
  const { wire = {} } = request
  const started = performance.now()
  const since = (): number => performance.now() - started
  const silent = (error: string): AuditReply => ({
    status: 0,
    headers: {},
    body: '',
    ms: since(),
    error,
  })
  let outgoing: ClientRequest
  try {
    const url = new URL(request.url)
    const isSecure = url.protocol === 'https:'
    const agent = wire.same === true ? (isSecure ? secureKeep : keep) : false
    outgoing = (isSecure ? secure : plain)({
      agent,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (isSecure ? 443 : 80) : url.port,
      path: wire.target ?? url.pathname + url.search,
      method: request.method,
      headers: headerLines(request, url),
    })
  } catch (error) {
    return silent((error as Error).message)
  }
  const arrived = new Promise<AuditReply>((resolve) => {
    outgoing.on('response', (response: IncomingMessage) => {
      void read(response, since).then(resolve)
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(ended(error, wire, silent)))
    outgoing.setTimeout(timeout, () => {
      resolve(silent(`no reply within ${timeout} ms`))
      outgoing.destroy()
    })
  })
  const isAnswered = await write(outgoing, request, done)
  if (!isAnswered) {
    outgoing.destroy()
    return undefined
  }
  const late = wait(timeout, undefined, { ref: false }).then(() => {
    outgoing.destroy()
    return silent(`no reply within ${timeout} ms`)
  })
  return Promise.race([arrived, late])
}

/** Writes the body. Returns false if the caller should not wait for a reply. */
async function write(
  outgoing: ClientRequest,
  { body, wire = {} }: AuditRequest,
  done: AbortSignal,
): Promise<boolean> {
  if (wire.cut !== undefined) {
    outgoing.write(body.subarray(0, wire.cut))
    // The receiver needs time to start reading the part of the body before the connection is closed.
    await Promise.race([once(outgoing, 'close').catch(() => undefined), wait(30)])
    return false
  }
  if (wire.slow === true) {
    for (const byte of body) {
      if (done.aborted || outgoing.destroyed) break
      outgoing.write(Uint8Array.of(byte))
      await wait(SLOW, undefined, { signal: done }).catch(() => undefined)
    }
    return false
  }
  if (wire.length !== undefined) {
    await pour(outgoing, body, wire.length)
    return true
  }
  if (wire.chunked === true) {
    const half = Math.ceil(body.length / 2)
    outgoing.write(body.subarray(0, half))
    outgoing.end(body.subarray(half))
    return true
  }
  outgoing.end(body)
  if (wire.leaves !== true) return true
  await Promise.race([once(outgoing, 'finish').catch(() => undefined), wait(1000)])
  await wait(5)
  return false
}

/** Writes the body again and again, up to `length` bytes. Stops when the other side replies or disconnects. */
async function pour(outgoing: ClientRequest, body: Uint8Array, length: number): Promise<void> {
  const part = Buffer.alloc(MIB, Buffer.from(body.length > 0 ? body : Buffer.from('a')))
  let isOver = false
  const over = new Promise<void>((resolve) => {
    const end = (): void => {
      isOver = true
      resolve()
    }
    outgoing.once('response', end).once('close', end).once('error', end)
  })
  for (let left = length; left > 0 && !isOver; left -= part.length) {
    const more = outgoing.write(part.subarray(0, Math.min(left, part.length)))
    if (!more) await Promise.race([once(outgoing, 'drain').catch(() => undefined), over])
  }
  if (!isOver) outgoing.end()
}

async function read(response: IncomingMessage, since: () => number): Promise<AuditReply> {
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  )
  const body = await readStart(response, MOST).catch(() => new Uint8Array(0))
  return {
    status: response.statusCode ?? 0,
    headers,
    body: new TextDecoder().decode(body),
    ms: since(),
  }
}

function ended(
  error: NodeJS.ErrnoException,
  wire: NonNullable<AuditRequest['wire']>,
  silent: (error: string) => AuditReply,
): AuditReply {
  if (error.code === 'ECONNREFUSED') return silent(REFUSED_CONNECTION)
  // A server may close the connection during a body that is far too large, and its reply can be lost. So the closed
  // connection counts as a rejection.
  if (wire.length !== undefined) return { ...silent(error.code ?? ''), status: 413 }
  return silent(error.code ?? error.message)
}

/** Returns header names and values, one after another, in the order and the letter case in which they are sent. */
function headerLines({ headers, body, method, wire = {} }: AuditRequest, url: URL): string[] {
  const length = wire.length ?? body.length
  const isEmpty = length === 0 && (method === 'GET' || method === 'HEAD')
  const all: readonly (readonly [string, string])[] = [
    ['host', url.host],
    ...headers.filter(([name]) => !OURS.has(name.toLowerCase())),
    ...(wire.chunked === true
      ? [['transfer-encoding', 'chunked'] as const]
      : isEmpty
        ? []
        : [['content-length', String(length)] as const]),
  ]
  return all.flatMap(([name, value]) => [wire.capitals ? name.toUpperCase() : name, value])
}

const OURS = new Set(['host', 'content-length', 'transfer-encoding', 'connection'])
