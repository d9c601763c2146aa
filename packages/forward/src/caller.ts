import { setTimeout as sleep } from 'node:timers/promises'
import { RetryAfterError, UnrecoverableError, type Task } from '@postern/core'
import { parseRetryAfter } from '@postern/core/internal'
import type { SignableRequest } from '@postern/core/scheme'
import type { CallResult, Pass } from './gate.ts'
import { createGates } from './gates.ts'
import { type AddressGuard, hostOf } from '@postern/core/guard'
import type { CallSettings } from './options.ts'
import { observed } from '@postern/core/engine'
import {
  Agent as PlainAgent,
  request as plain,
  type ClientRequestArgs,
  type IncomingMessage,
} from 'node:http'
import { Agent as SecureAgent, request as secure } from 'node:https'
import { isIP, type Socket } from 'node:net'

interface Call {
  /** Name of the destination for messages and observers. */
  readonly destination: string
  /** Calls with the same key share limits and a circuit breaker. @default `destination` */
  readonly key?: string
  readonly task: Task
  /** Creates the message just before it is sent, because a signature includes the time. */
  readonly message: () => SignableRequest | Promise<SignableRequest>
  /** Returns true for the names of headers that observers may add to the request. */
  readonly passes: (name: string) => boolean
}

interface Caller {
  /**
   * Calls the destination. Returns `gone` if the destination answered 410. Rejects if the task must be retried or is
   * dead.
   */
  call(call: Call): Promise<'delivered' | 'gone'>
  close(): Promise<void>
}

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
    const { destination, key = destination, task, message } = given
    const pass = await enter(key, destination, task)
    let found: CallResult = 'unknown'
    let until: number | undefined
    try {
      const request = await message()
      guard.url(request.url)
      // A failed call counts as a failure of the destination, unless this process aborted the call or rejected the
      // address.
      const answer = await teller
        .call(given, request, (sent) => client.send(sent, task.signal))
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
      // A task without further attempts is dead, so it is not added to the waiting tasks.
      if (task.attempt < task.attempts) waiting.add(key, task.id, now(), false, destination)
      throw error
    } finally {
      pass.leave(found, until)
      teller.paused(key, destination, task, gates.pausedUntil(key))
    }
  }
}

// Delay before a task is postponed, in milliseconds. Other tasks send their messages during the delay. Tasks that are
// postponed within the delay share one write, because a file inbox blocks the process at each write. Without the delay,
// one destination that is down makes the others 20 % slower (`down` in test/bench).
const NO_HURRY = 5

function isRejected(error: unknown): boolean {
  return error instanceof Error && error.name === 'DestinationRejected'
}

/** What a response means for the task, by the rules of Standard Webhooks. */
type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'gone' }
  /**
   * Any other response, including redirects. `sick` is true for the statuses 5xx, 429 and 408, which show a problem of
   * the destination. `wait` is the delay that `Retry-After` requests, in milliseconds.
   */
  | { readonly kind: 'failed'; readonly sick: boolean; readonly wait: number | undefined }

/**
 * Returns what a response means. `Retry-After` applies to the statuses 429, 502, 503 and 504, up to `cap` milliseconds.
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

// Maximum number of destinations whose last reported pause is remembered, so that each pause is reported once.
const MOST = 10_000

/** Creates the object that notifies observers of calls to destinations, and of pauses between such calls. */
function createTeller() {
  const told = new Map<string, number>()

  return {
    /**
     * Calls `send` within the `call` method of the observers, if they have this method. Headers that observers add are
     * sent only if `passes` allows their names.
     */
    call(
      { destination, task, passes }: Pick<Call, 'passes' | 'task' | 'destination'>,
      request: SignableRequest,
      send: (request: SignableRequest) => Promise<DestinationAnswer>,
    ): Promise<DestinationAnswer> {
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
    /**
     * Reports to observers that calls to a destination pause until `until`, in milliseconds since 1970. If `until` is
     * undefined, reports that calls continue.
     */
    paused(key: string, destination: string, task: Task, until: number | undefined): void {
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

/**
 * Adds the headers of observers that `passes` allows. These headers replace the received `traceparent` and
 * `tracestate`.
 */
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

interface DestinationAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
}

// Milliseconds after which an idle connection is closed. Servers often close idle connections after 5 s.
const IDLE = 4000

/** Creates a client whose connections go only to addresses that the guard allows. */
function createClient(guard: AddressGuard, { connectTimeout, timeout, maxResponse }: CallSettings) {
  const options = { keepAlive: true, timeout: IDLE, lookup: guard.lookup } as const
  const agents = { 'http:': new PlainAgent(options), 'https:': new SecureAgent(options) }
  for (const agent of Object.values(agents)) guarded(agent)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  return {
    // node:http does not follow redirects, and skips interim responses (1xx; RFC 9110, section 15.2).
    send(message: SignableRequest, signal: AbortSignal): Promise<DestinationAnswer> {
      const sent = sentOver(message, AbortSignal.any([signal, AbortSignal.timeout(timeout)]))
      running.add(sent)
      return sent.finally(() => running.delete(sent))
    },
    close: (): Promise<void> =>
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
      // After an unrequested 101 response, Node closes the connection and emits neither `response` nor `error`.
      request.once('close', () => reject(new Error('the connection closed without a response')))
      request.end(body)
    })
    // The status is known. The body is read only so that the connection can be reused.
    await readToEnd(response, maxResponse)
    return { status: response.statusCode!, retryAfter: response.headers['retry-after'] }
  }

  /**
   * Makes an agent check the IP address of each new connection. The guard's `lookup` cannot check a URL with an IP
   * address, because such a URL needs no DNS lookup.
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

class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeoutError'

  constructor(host: string) {
    super(`no connection to ${host} within connectTimeout`)
  }
}

/** Reads and drops the body of a response. Closes the connection if the body is longer than `most` bytes. */
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

/**
 * Creates a list of the waiting tasks that this process knows. The list has a limit per destination. Otherwise the
 * tasks of one destination that is down would fill the receiver's `maxPending`, and all deliveries would get 503.
 */
function createWaiting({ maxWaiting, giveUp }: CallSettings) {
  const byKey = new Map<string, Map<string, number>>()

  return {
    // Throws `UnrecoverableError` if too many tasks of this key wait. Also throws if calls to the destination pause
    // (`leftAlone` is true) and this task has waited longer than `giveUp`.
    add(key: string, task: string, now: number, leftAlone: boolean, destination: string): void {
      const tasks = byKey.get(key) ?? new Map<string, number>()
      const since = tasks.get(task)
      if (since === undefined) {
        if (tasks.size >= maxWaiting)
          throw new UnrecoverableError(
            `${destination} has ${tasks.size} tasks waiting (maxWaiting): replay this one when it works again, or raise maxWaiting`,
          )
        byKey.set(key, tasks.set(task, now))
      } else if (leftAlone && now - since > giveUp) {
        forget(key, tasks, task)
        throw new UnrecoverableError(
          `${destination} failed for longer than the retry policy allows: replay the task when the destination works again`,
        )
      }
    },
    delete(key: string, task: string): void {
      const tasks = byKey.get(key)
      if (tasks) forget(key, tasks, task)
    },
  }

  function forget(key: string, tasks: Map<string, number>, task: string): void {
    tasks.delete(task)
    if (tasks.size === 0) byKey.delete(key)
  }
}
