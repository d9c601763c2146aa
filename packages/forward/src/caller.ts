import { setTimeout as sleep } from 'node:timers/promises'
import { RetryAfterError, UnrecoverableError, type Task } from '@postern/core'
import { parseRetryAfter } from '@postern/core/internal'
import type { SignableRequest } from '@postern/core/scheme'
import type { CallResult, Pass } from './pace/gate.ts'
import { createGates } from './pace/gates.ts'
import { type AddressGuard, hostOf } from '@postern/core/guard'
import type { CallSettings } from './options.ts'
import { createWaiting } from './pace/waiting.ts'
import { observed } from '@postern/core/engine'
import {
  Agent as PlainAgent,
  request as plain,
  type ClientRequestArgs,
  type IncomingMessage,
} from 'node:http'
import { Agent as SecureAgent, request as secure } from 'node:https'
import { isIP, type Socket } from 'node:net'

/** One call to one destination. */
interface Call {
  /** Name of the destination, as people read it. */
  readonly destination: string
  /** The limits and the breaker of this key hold for the call. @default `destination` */
  readonly key?: string
  readonly task: Task
  /** Makes the message, when it is about to be sent: a signature has its time. */
  readonly message: () => SignableRequest | Promise<SignableRequest>
  /** True for headers that the observers may add. */
  readonly passes: (name: string) => boolean
}

/** Calls destinations, each within its limits. */
interface Caller {
  /** Resolves with the verdict; throws the error for the retry policy. */
  call(call: Call): Promise<'delivered' | 'gone'>
  close(): Promise<void>
}

/** Makes a caller. */
export function createCaller(guard: AddressGuard, settings: CallSettings): Caller {
  const { now, maxRetryAfter } = settings
  const client = createClient(guard, settings)
  const gates = createGates(settings.total, settings)
  const waiting = createWaiting(settings)
  const teller = createTeller()

  return { call, close: () => client.close() }

  async function enter(key: string, destination: string, task: Task): Promise<Pass> {
    try {
      const pass = await gates.enter(key)
      waiting.delete(key, task.id)
      return pass
    } catch (error) {
      waiting.add(key, task.id, now(), gates.isOpen(key), destination)
      await sleep(NO_HURRY)
      throw error
    }
  }

  async function call(given: Call): Promise<'delivered' | 'gone'> {
    const { destination, key = destination, task, message, passes } = given
    const pass = await enter(key, destination, task)
    let found: CallResult = 'unknown'
    let until: number | undefined
    try {
      const request = await message()
      guard.url(request.url)
      // From here on a failure is the destination's, unless this process aborted the call.
      const answer = await teller
        .call({ destination, task, request, passes }, (sent) => client.send(sent, task.signal))
        .catch((error: unknown) => {
          if (!task.signal.aborted && !isRejected(error)) found = 'down'
          throw error
        })
      const verdict = judgeAnswer(answer, now(), maxRetryAfter)
      found = verdict.kind === 'failed' && verdict.sick ? 'down' : 'up'
      if (verdict.kind !== 'failed') return verdict.kind
      const failure = `${destination} answered ${answer.status}`
      if (verdict.wait === undefined) throw new Error(failure)
      until = now() + verdict.wait
      throw new RetryAfterError(verdict.wait, failure)
    } catch (error) {
      if (isRejected(error))
        throw new UnrecoverableError(`${destination}: ${(error as Error).message}`, {
          cause: error,
        })
      // After the last attempt the task does not wait.
      if (task.attempt < task.attempts) waiting.add(key, task.id, now(), false, destination)
      throw error
    } finally {
      pass.leave(found, until)
      teller.paused(key, destination, task, gates.pausedUntil(key))
    }
  }
}

// An inbox in a file writes while nothing else continues in the process. A task that is sent away has no hurry: the messages
// of its siblings go out first, and its outcome is written together with theirs. Without this, a destination that is down
// makes the others a fifth slower (`down` in test/bench). In milliseconds.
const NO_HURRY = 5

function isRejected(error: unknown): boolean {
  return error instanceof Error && error.name === 'DestinationRejected'
}

/** The meaning of an answer for its task, by the rules of Standard Webhooks for senders. */
type Verdict =
  | { readonly kind: 'delivered' }
  /** 410: the destination wants no more. */
  | { readonly kind: 'gone' }
  /**
   * Any other answer, redirects too. `sick` if the destination fails, and not only this message;
   * `wait` in milliseconds if the destination asked for a time.
   */
  | { readonly kind: 'failed'; readonly sick: boolean; readonly wait: number | undefined }

/**
 * Judges an answer. `Retry-After` counts with 429, 502, 503 and 504, up to `cap` milliseconds.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
function judgeAnswer({ status, retryAfter }: DestinationAnswer, now: number, cap: number): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const throttled = status === 429 || (status >= 502 && status <= 504)
  const wait = throttled ? parseRetryAfter(retryAfter, now) : undefined
  return {
    kind: 'failed',
    sick: status >= 500 || status === 429 || status === 408,
    wait: wait === undefined ? undefined : Math.min(wait, cap),
  }
}

/** Notifies the observers of a task's receiver of calls and pauses. */
interface Teller {
  /** Makes the call inside of the observers' `call`; `passes` says which of their headers are sent. */
  call(
    given: {
      readonly destination: string
      readonly task: Task
      readonly request: SignableRequest
      readonly passes: (name: string) => boolean
    },
    send: (request: SignableRequest) => Promise<DestinationAnswer>,
  ): Promise<DestinationAnswer>
  /** A call to the destination ended; `until` is the end of the pause of its key, if there is one. */
  paused(key: string, destination: string, task: Task, until: number | undefined): void
}

// Destinations whose pause was told: as many as gates.
const MOST = 10_000

/** Makes a teller. */
function createTeller(): Teller {
  const told = new Map<string, number>()

  return {
    call({ destination, task, request, passes }, send) {
      const seen = observed(task)
      if (!seen?.observer.call) return send(request)
      const { protocol, hostname, port } = new URL(request.url)
      const info = {
        attempt: seen.attempt,
        destination,
        method: request.method,
        scheme: protocol.slice(0, -1),
        host: hostname,
        port: Number(port || (protocol === 'https:' ? 443 : 80)),
      }
      return seen.observer.call(info, (headers) =>
        send(withTrace(request, headers, passes)),
      ) as Promise<DestinationAnswer>
    },
    paused(key, destination, task, until) {
      if (until === told.get(key)) return
      told.delete(key)
      if (until !== undefined) told.set(key, until)
      if (told.size > MOST) told.delete(told.keys().next().value!)
      const seen = observed(task)
      if (!seen) return
      const { receiver, subscription } = seen.attempt
      seen.observer.destinationPaused?.({ receiver, subscription, destination, until })
    },
  }
}

/** The request with the trace context of this call, in place of the one that the delivery came with. */
function withTrace(
  request: SignableRequest,
  added: Readonly<Record<string, string>> = {},
  passes: (name: string) => boolean,
): SignableRequest {
  const sent = Object.entries(added).filter(([name]) => passes(name))
  if (sent.length === 0) return request
  const { traceparent: _, tracestate: __, ...headers } = request.headers
  return { ...request, headers: { ...headers, ...Object.fromEntries(sent) } }
}

/** Bounds of one call, in milliseconds and bytes. */
interface ClientSettings {
  readonly connectTimeout: number
  readonly timeout: number
  /** Bytes of a response that are read, so that its connection can be used again; a longer one ends the connection. */
  readonly maxResponse: number
}

/** The answer of a destination. */
interface DestinationAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
}

/** Calls destinations over connections that are kept. */
interface Client {
  /**
   * Sends a request and resolves with the answer; rejects without one in time. Redirects are answers like others, and
   * interim ones (1xx) are passed over, asked for or not (RFC 9110, 15.2).
   */
  send(message: SignableRequest, signal: AbortSignal): Promise<DestinationAnswer>
  /** Ends idle connections and, when they are done, the others. */
  close(): Promise<void>
}

// Milliseconds that an idle connection is kept: servers end theirs after five seconds.
const IDLE = 4000

/** Makes a client whose connections go only where the guard lets them. */
function createClient(guard: AddressGuard, settings: ClientSettings): Client {
  const { connectTimeout, timeout, maxResponse } = settings
  const options = { keepAlive: true, timeout: IDLE, lookup: guard.lookup } as const
  const agents = { 'http:': new PlainAgent(options), 'https:': new SecureAgent(options) }
  for (const agent of Object.values(agents)) guarded(agent)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  return {
    send(message, signal) {
      const sent = sentOver(message, AbortSignal.any([signal, AbortSignal.timeout(timeout)]))
      running.add(sent)
      return sent.finally(() => running.delete(sent))
    },
    close: () =>
      (closing ??= Promise.allSettled(running).then(() => {
        for (const agent of Object.values(agents)) agent.destroy()
      })),
  }

  async function sentOver(
    { method, url, headers, body }: SignableRequest,
    signal: AbortSignal,
  ): Promise<DestinationAnswer> {
    const target = new URL(url)
    const isSecure = target.protocol === 'https:'
    const agent = agents[isSecure ? 'https:' : 'http:']
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (isSecure ? secure : plain)(target, {
        method,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent,
        signal,
      })
      request.once('response', resolve)
      request.once('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error))
      request.end(body)
    })
    // The status is known; the rest only decides whether the connection can be used again.
    await readToEnd(response, maxResponse)
    return { status: response.statusCode!, retryAfter: response.headers['retry-after'] }
  }

  /**
   * Has an agent give out no connection before the address that it connected to was checked. An address in the URL is
   * connected to without a look-up.
   */
  function guarded(agent: PlainAgent): void {
    const connect = agent.createConnection.bind(agent)
    agent.createConnection = (to: ClientRequestArgs, given) => {
      const done = given as (error: Error | null, socket?: Socket) => void
      const host = hostOf(new URL(`http://${bracketed(to.host!)}`))
      if (isIP(host) !== 0) guard.address(host)
      const socket = connect(to) as Socket
      const timer = setTimeout(() => socket.destroy(new ConnectTimeout(host)), connectTimeout)
      socket.once('error', done)
      socket.once('close', () => clearTimeout(timer))
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        socket.off('error', done)
        try {
          guard.address(socket.remoteAddress ?? '')
        } catch (rejected) {
          socket.destroy()
          return done(rejected as Error)
        }
        done(null, socket)
      })
      return undefined
    }
  }
}

/** A connection did not come about in time. */
class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeoutError'

  constructor(host: string) {
    super(`no connection to ${host} within connectTimeout`)
  }
}

/** Reads what is left of a response; ends its connection if that is too long, or takes too long. */
function readToEnd(response: IncomingMessage, most: number): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    if (Number(response.headers['content-length']) > most) response.destroy()
    response.on('data', ({ length }: Buffer) => {
      bytes += length
      if (bytes > most) response.destroy()
    })
    response.on('error', () => {})
    response.once('close', resolve)
  })
}

function bracketed(hostname: string): string {
  return hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
}
