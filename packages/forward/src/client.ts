import { isIP } from 'node:net'
import type { SignableRequest } from '@postern/core/scheme'
import { Agent, buildConnector, request } from 'undici'
import { hostOf, type AddressGuard } from '@postern/core/guard'

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
  /** Sends a request and resolves with the answer; rejects without one in time. Redirects are answers like others. */
  send(message: SignableRequest, signal: AbortSignal): Promise<DestinationAnswer>
  /** Ends idle connections and, when they are done, the others. */
  close(): Promise<void>
}

/** Makes a client whose connections go only where the guard lets them. */
export function createClient(guard: AddressGuard, settings: ClientSettings): Client {
  const { connectTimeout, timeout, maxResponse } = settings
  const plain = buildConnector({ timeout: connectTimeout, lookup: guard.lookup })
  const agent = new Agent({
    headersTimeout: timeout,
    bodyTimeout: timeout,
    // Ends the connection of a longer answer. To leave its body instead would make undici open another one for nothing.
    maxResponseSize: maxResponse,
    connect: guarded,
  })

  let closing: Promise<void> | undefined

  return {
    async send({ method, url, headers, body }, signal) {
      const ends = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
      const response = await request(url, {
        dispatcher: agent,
        method: method as 'POST',
        headers: { ...headers },
        body,
        signal: ends,
      })
      // The status is known; the rest only decides whether the connection can be used again.
      await response.body.dump({ limit: Number.MAX_SAFE_INTEGER, signal: ends }).catch(() => {})
      const after = response.headers['retry-after']
      return {
        status: response.statusCode,
        retryAfter: Array.isArray(after) ? after[0] : after,
      }
    },
    close: () => (closing ??= agent.close()),
  }

  // An address in the URL is connected to without a lookup; and no request is written to a socket before
  // the address it connected to was checked.
  function guarded(options: buildConnector.Options, done: buildConnector.Callback): void {
    try {
      const host = hostOf(new URL(`http://${bracketed(options.hostname)}`))
      if (isIP(host) !== 0) guard.address(host)
    } catch (error) {
      return done(error as Error, null)
    }
    plain(options, (...result) => {
      const [error, socket] = result
      if (error) return done(error, null)
      try {
        guard.address(socket!.remoteAddress ?? '')
      } catch (refused) {
        socket!.destroy()
        return done(refused as Error, null)
      }
      done(null, socket!)
    })
  }
}

function bracketed(hostname: string): string {
  return hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
}
