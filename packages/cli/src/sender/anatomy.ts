import { createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import type { About, Provider } from '@postern/core/scheme'
import { deliver, signedInit } from '@postern/samples'

interface Anatomy {
  /** Headers specific to the provider: for example for the signature or the event's id. */
  readonly headers: readonly string[]
  readonly id: string
}

const URL_OF_TESTS = 'https://example.com/webhooks'
const COMMON = new Set(['content-type', 'user-agent', 'accept'])

/** Examines an example delivery of a provider. Undefined if only the provider can sign deliveries. */
export async function anatomyOf(about: About): Promise<Anatomy | undefined> {
  if (!about.canSign) return undefined
  return looked(about.create(about.example))
}

async function looked(provider: Provider): Promise<Anatomy> {
  const { url, method, headers, body } = await signedInit(provider, undefined, undefined, {
    url: URL_OF_TESTS,
  })
  // The deduplication window is 90 days, which is enough for providers that redeliver for a long time.
  const inbox = inlineInbox({ ledger: memoryLedger({ dedupeWindow: '90d' }) })
  const receiver = createReceiver({ provider, inbox, log: false, explain: false })
  receiver.onAny(() => undefined)
  const empty = method === 'GET' || method === 'HEAD'
  const request = new Request(url, { method, headers, ...(!empty && { body }) })
  const { events } = await deliver(receiver, request.clone())
  const again = await deliver(receiver, request)
  await receiver.close()
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  return {
    headers: names.filter((name) => !COMMON.has(name)),
    id:
      events[0]?.id === undefined
        ? `none: equal deliveries are ${again.events[0]?.outcome === 'duplicate' ? 'one event' : 'several events'}`
        : placeOf(events[0].id, headers, new TextDecoder().decode(body)),
  }
}

function placeOf(id: string, headers: Readonly<Record<string, string>>, body: string): string {
  const header = Object.keys(headers).find((name) => headers[name] === id)
  if (header !== undefined) return `the header ${header}`
  const path = pathOf(id, payloadOf(body))
  if (path !== undefined) return `${path} of the payload`
  return 'made of several parts of the delivery'
}

function payloadOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return Object.fromEntries(new URLSearchParams(body))
  }
}

/** Returns the path of a value in the payload. If there are several paths, returns one with the fewest levels. */
function pathOf(wanted: string, payload: unknown): string | undefined {
  let level: readonly (readonly [path: string, value: unknown])[] = [['', payload]]
  while (level.length > 0) {
    for (const [path, value] of level)
      if ((typeof value === 'string' || typeof value === 'number') && String(value) === wanted)
        return path
    level = level.flatMap(([path, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(
            ([name, member]) => [path === '' ? name : `${path}.${name}`, member] as const,
          )
        : [],
    )
  }
  return undefined
}
