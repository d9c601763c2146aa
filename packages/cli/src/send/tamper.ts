import { createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import type { Provider, SignableRequest } from '@postern/core/scheme'

// Places of the body that are tried.
const MOST = 64

/** The same request with one byte of its body changed, so that its signature does not match where the body is signed. */
export async function tampered(
  provider: Provider,
  request: SignableRequest,
): Promise<SignableRequest> {
  const inbox = inlineInbox({ ledger: memoryLedger({ window: '90d' }) })
  const receiver = createReceiver({ provider, inbox, log: false, explain: false })
  receiver.onAny(() => undefined)
  const all = changes(request)
  try {
    // Some senders sign a few members alone.
    for (const changed of all) if ((await receiver.receive(changed)).status === 401) return changed
    return all[0]!
  } finally {
    await receiver.close()
  }
}

/** Requests with another letter or digit each, the first one in the middle of a word. */
function changes(request: SignableRequest): readonly SignableRequest[] {
  const text = Buffer.from(request.body).toString('latin1')
  const places = [...text.matchAll(/[a-z\d]/g)].map(({ index }) => index)
  const step = Math.max(1, Math.floor(places.length / MOST))
  const chosen = places.filter((_, at) => at % step === 0)
  if (chosen.length === 0) return [{ ...request, body: Uint8Array.from([...request.body, 32]) }]
  return chosen.map((place) => {
    const body = Uint8Array.from(request.body)
    body[place] = OTHER[String.fromCharCode(body[place]!)] ?? 97
    return { ...request, body }
  })
}

const OTHER: Readonly<Record<string, number>> = { a: 98, 1: 50 }
