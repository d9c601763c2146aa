import type { KeptDelivery } from './entry.ts'
import { whyNot } from '../sender/why-not.ts'

const DROPPED = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'keep-alive',
])
const LONGEST = 30_000

/** Hands deliveries on as they came. */
export interface Forwarder {
  /** Resolves with how the target answered, for people. It does not reject. */
  send(delivery: KeptDelivery): Promise<string>
  /** Aborts the requests that still run. */
  close(): void
}

/** Makes a {@link Forwarder}. The bytes and headers stay as they came, so that the target can verify them. */
export function createForwarder(to: string): Forwarder {
  const closing = new AbortController()
  const { host } = new URL(to)
  return {
    async send(delivery) {
      const { method, body } = delivery
      const headers = delivery.headers.filter(([name]) => !DROPPED.has(name)) as [string, string][]
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(LONGEST)])
      const empty = method === 'GET' || method === 'HEAD'
      const init = { method, headers, redirect: 'manual', signal } as const
      try {
        const reply = await fetch(to, { ...init, ...(!empty && { body: body as BodyInit }) })
        await reply.body?.cancel()
        return `${host} answered ${reply.status}`
      } catch (error) {
        return `${host} did not answer: ${whyNot(error)}`
      }
    },
    close: () => closing.abort(),
  }
}
