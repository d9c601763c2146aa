import {
  Agent as PlainAgent,
  request as plain,
  type ClientRequestArgs,
  type IncomingMessage,
} from 'node:http'
import { Agent as SecureAgent, request as secure } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { hostOf, type AddressGuard } from '@postern/core/guard'
import type { SignableRequest } from '@postern/core/scheme'

/** Bounds of one call, in milliseconds and bytes. */
interface ClientSettings {
  readonly connectTimeout: number
  readonly timeout: number
  /** Bytes of a response that are read, so that its connection can be used again; a longer one ends the connection. */
  readonly maxResponse: number
}

/** The answer of a destination. */
export interface DestinationAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
}

/** Calls destinations over connections that are kept. */
export interface Client {
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
export function createClient(guard: AddressGuard, settings: ClientSettings): Client {
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
        } catch (refused) {
          socket.destroy()
          return done(refused as Error)
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
