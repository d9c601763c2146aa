import type { Task } from '@postern/core'
import { observed } from '@postern/core/inbox'
import type { SignableRequest } from '@postern/core/scheme'
import type { DestinationAnswer } from './client.ts'

/** Tells the observers of a task's receiver of calls and pauses. */
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
export function createTeller(): Teller {
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
      seen.observer.paused?.({ receiver, subscription, destination, until })
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
