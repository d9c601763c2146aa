import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server, IncomingMessage, ServerResponse } from 'node:http'
import { milliseconds, settledBy, unknownOptions } from '@postern/core/internal'
import type { Duration } from '@postern/core'

/** Server to close: a server of node:http, node:https or node:http2, a Fastify instance, or a NestJS app. */
export type ClosableServer =
  | NodeServer
  | { readonly server: object; close(): PromiseLike<unknown> }
  | { getHttpServer(): object; close(): PromiseLike<unknown> }

/** Options of {@link closeOnSignal}. */
export interface CloseOnSignalOptions {
  /**
   * Server to close: the value of `app.listen()` or `serve()`, the Fastify instance, or the NestJS app. Hooks of a
   * NestJS app run last. @default all servers of the process that got a request, for Next.js
   */
  readonly server?: ClosableServer
  /** Receivers, which are closed when no more requests can arrive. */
  readonly receivers?: readonly Closable[]
  /** Inboxes and other objects with a `close`, which are closed last, in this order. */
  readonly inboxes?: readonly { close(): unknown }[]
  /** Maximum time to close everything. After this time the process exits, even if handlers still run. @default '25s' */
  readonly grace?: Duration
  /** Signals that end the process. @default ['SIGTERM', 'SIGINT'] */
  readonly signals?: readonly NodeJS.Signals[]
  /** False keeps the process alive after the close. @default true */
  readonly exit?: boolean
  /** Called with the error of a failed step. @default a line on stderr */
  readonly onError?: (error: unknown) => void
}

interface Closable {
  close(options: { readonly timeout: number }): Promise<void>
}

export interface ClosesOnSignal {
  /** Closes everything, as a signal does. A second call returns the promise of the first. */
  close(): Promise<void>
  /** Removes the signal handlers. */
  stop(): void
}

const OPTIONS: readonly (keyof CloseOnSignalOptions)[] = [
  'server',
  'receivers',
  'inboxes',
  'grace',
  'signals',
  'exit',
  'onError',
]
// Share of the grace period (0.4 is 40 %) in which the server may answer running requests.
const SERVER_SHARE = 0.4
// Share of the grace period (0.1 is 10 %) that is kept for closing the inboxes.
const INBOX_SHARE = 0.1
/**
 * Closes server, receivers and inboxes on a signal, without losing a request. Every response says `Connection: close`,
 * and the server accepts no further connections. When the last connection has ended, receivers are closed, then
 * inboxes. The process exits within the grace period, or immediately at a second signal. An app with several servers
 * may call this function once per server: the process exits when all are closed.
 *
 * @throws {TypeError} if an option is wrong; the message names the option.
 * @example
 * const server = app.listen(3000)
 * closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
 */
export function closeOnSignal(options: CloseOnSignalOptions = {}): ClosesOnSignal {
  unknownOptions('closeOnSignal', options, OPTIONS)
  const { server, receivers = [], inboxes = [], signals = ['SIGTERM', 'SIGINT'] } = options
  const { exit = true, onError = complain } = options
  const grace = milliseconds(options.grace ?? '25s', 'closeOnSignal: grace')
  if (server !== undefined && typeof server?.close !== 'function')
    throw new TypeError(
      'closeOnSignal: server must be what app.listen() returns, a Fastify instance or a NestJS app',
    )
  for (const each of [...receivers, ...inboxes])
    if (typeof each?.close !== 'function')
      throw new TypeError('closeOnSignal: receivers and inboxes must have a close()')
  checkNext(server)
  const found = server ? undefined : findServers()
  let closing: Promise<void> | undefined

  const one = { exit, begun: () => closing !== undefined, close }
  const endings = signals.map((signal) => closeAt(signal, one))
  return { close, stop }

  function stop(): void {
    for (const end of endings) end()
    found?.stop()
  }

  function close(): Promise<void> {
    return (closing ??= inOrder().finally(stop))
  }

  async function inOrder(): Promise<void> {
    const end = performance.now() + grace
    const late = exit ? setTimeout(() => process.exit(1), grace) : undefined
    try {
      await closeServers(end)
      const timeout = Math.max(end - performance.now() - grace * INBOX_SHARE, 0)
      await each(receivers.map((receiver) => () => receiver.close({ timeout })))
      for (const inbox of inboxes) await each([() => inbox.close()])
      // A NestJS app closes last, because its hooks may close resources that handlers and inboxes use.
      if (server && 'getHttpServer' in server)
        await each([() => settledBy(Promise.resolve(server.close()), end)])
    } finally {
      clearTimeout(late)
    }
  }

  async function closeServers(end: number): Promise<void> {
    const until = end - grace * (1 - SERVER_SHARE)
    if (server && 'server' in server) {
      // Fastify's close() answers later requests on keep-alive connections with 503, so these connections must end
      // first.
      await each([() => closeServer(server.server as NodeServer, until)])
      // Fastify's close() may never resolve if its server is already closed, so the wait has a limit.
      return each([() => settledBy(Promise.resolve(server.close()), end)])
    }
    const servers = server ? [ownServer(server)] : [...found!.servers]
    await each(servers.map((one) => () => closeServer(one, until)))
  }

  async function each(steps: readonly (() => unknown)[]): Promise<void> {
    const ended = await Promise.allSettled(steps.map(async (step) => step()))
    for (const result of ended) if (result.status === 'rejected') onError(result.reason)
  }
}

function ownServer(server: Exclude<ClosableServer, { readonly server: object }>): NodeServer {
  return 'getHttpServer' in server ? (server.getHttpServer() as NodeServer) : server
}

/** Finds each server of this process at its first request, because Next.js does not expose its server. */
function findServers(): { readonly servers: ReadonlySet<Server>; stop(): void } {
  const servers = new Set<Server>()
  const learn = (message: unknown): void => {
    servers.add((message as { readonly server: Server }).server)
  }
  subscribe('http.server.request.start', learn)
  return {
    servers,
    stop: () => void unsubscribe('http.server.request.start', learn),
  }
}

function checkNext(server: ClosableServer | undefined): void {
  const { NEXT_RUNTIME, NEXT_MANUAL_SIG_HANDLE } = process.env
  if (server === undefined && NEXT_RUNTIME === 'nodejs' && !NEXT_MANUAL_SIG_HANDLE)
    throw new TypeError(
      'closeOnSignal: Next.js ends the process by itself at a signal: start it with NEXT_MANUAL_SIG_HANDLE=true',
    )
}

function complain(error: unknown): void {
  process.stderr.write(`[postern] closeOnSignal: ${String(error)}\n`)
}

interface Closing {
  /** True if the process exits after the close. */
  readonly exit: boolean
  begun(): boolean
  close(): Promise<void>
}

interface Heard {
  readonly all: Set<Closing>
  readonly listener: () => void
}

const heard = new Map<NodeJS.Signals, Heard>()

/**
 * Closes `one` at the signal. All calls of {@link closeOnSignal} share one listener per signal: the process exits when
 * the last of them has closed, or at a second signal.
 */
function closeAt(signal: NodeJS.Signals, one: Closing): () => void {
  const { all, listener } = heard.get(signal) ?? listen(signal)
  all.add(one)
  return () => {
    if (!all.delete(one) || all.size > 0) return
    heard.delete(signal)
    process.off(signal, listener)
  }
}

function listen(signal: NodeJS.Signals): Heard {
  const all = new Set<Closing>()
  const made: Heard = { all, listener: () => end(signal, [...all]) }
  heard.set(signal, made)
  process.on(signal, made.listener)
  return made
}

function end(signal: NodeJS.Signals, all: readonly Closing[]): void {
  const exit = (code: number): unknown => all.some((one) => one.exit) && process.exit(code)
  if (all.some((one) => one.begun())) exit(1)
  else
    void Promise.all(all.map((one) => one.close())).then(() => exit(signal === 'SIGINT' ? 130 : 0))
}

interface NodeServer {
  close(ended?: (error?: Error) => void): unknown
  /** Servers of node:http2 do not have this method. */
  closeIdleConnections?(): void
  prependListener(event: 'request', listener: (...given: any[]) => void): unknown
  on(event: 'connection', listener: () => void): unknown
  off(event: 'connection', listener: () => void): unknown
}

// Maximum time to accept waiting connections, in milliseconds. Without a limit, a sender that opens a connection per
// request would keep the server open.
const TAKING = 1000
// If a turn of the event loop took longer than this, in milliseconds, more connections may have arrived in the
// meantime.
const BRIEF = 1

/**
 * Closes a server. Resolves when the last connection has ended, or soon after `until`. A keep-alive connection is
 * closed after its next response, because closing it earlier could lose a request.
 */
async function closeServer(server: NodeServer, until: number): Promise<void> {
  await takeWaiting(server, Math.min(until, performance.now() + TAKING))
  const closed = new Promise<void>((resolve, reject) => {
    // Since Node 19, close() calls this method to close idle connections at once. The empty method prevents that.
    Object.defineProperty(server, 'closeIdleConnections', { value: () => {}, configurable: true })
    server.close((error) =>
      error && (error as { code?: string }).code !== 'ERR_SERVER_NOT_RUNNING'
        ? reject(error)
        : resolve(),
    )
    Reflect.deleteProperty(server, 'closeIdleConnections')
  })
  // This listener is added after server.close(). Otherwise a sender whose connection ends would reconnect, and nothing
  // would accept the new connection.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor === 1) response.setHeader('connection', 'close')
  })
  if (await settledBy(closed, until)) return closed
  server.closeIdleConnections?.()
}

/**
 * Accepts connections that wait in the kernel, before the server closes. Closing the server would reset waiting
 * connections and lose their requests. Since libuv 1.46, each turn of the event loop accepts one connection.
 */
async function takeWaiting(server: NodeServer, until: number): Promise<void> {
  let taken: number
  let from: number
  const count = (): void => void taken++
  server.on('connection', count)
  await new Promise(setImmediate)
  do {
    taken = 0
    from = performance.now()
    await new Promise(setImmediate)
  } while ((taken > 0 || performance.now() - from > BRIEF) && performance.now() < until)
  server.off('connection', count)
}
