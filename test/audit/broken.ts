import { createReceiver, memoryInbox, type ReceiverOptions } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { stripe } from '@postern/providers/stripe'
import { auditHandler, type AuditReport } from '@postern/testing/audit'

const SECRET = 'whsec_of_a_broken_receiver'

/** Way to break Postern's receiver, and the findings that must show it. */
interface Broken {
  readonly provider?: (right: Provider) => Provider
  readonly options?: Partial<ReceiverOptions>
  readonly reply?: (reply: Response, request: Request) => Response
  readonly sees: string
}

/**
 * Faults to add to Postern's receiver. The audit must find them: it may not rely on Postern's own code, only on facts
 * about the providers.
 */
export const BROKEN: Readonly<Record<string, Broken>> = {
  'verifies nothing': {
    provider: (right) => ({ ...right, verify: () => undefined, admit: () => undefined }),
    sees: 'verify:accepted',
  },
  'takes what is old': {
    provider: () => stripe({ secret: SECRET, tolerance: 1e7 }),
    sees: 'freshness:accepted',
  },
  'has too small a tolerance': {
    provider: () => stripe({ secret: SECRET, tolerance: 30 }),
    sees: 'freshness:rejected',
  },
  'knows no event again': {
    provider: (right) => ({
      ...right,
      events: (delivery, body) =>
        right.events(delivery, body).map((event) => {
          const { twin: _, ...alone } = event
          return { ...alone, id: crypto.randomUUID() }
        }),
    }),
    sees: 'dedupe:effects',
  },
  'has too small a limit': { options: { limits: { body: 50_000 } }, sees: 'body-limit:rejected' },
  'knows two secrets, one of them an example': {
    provider: () => stripe({ secret: [SECRET, 'changeme'] }),
    sees: 'secret:accepted',
  },
  'rejects unknown topics': {
    provider: (right) => ({
      ...right,
      events: (delivery, body) => {
        const events = right.events(delivery, body)
        if (events.some(({ topic }) => topic.includes('audit'))) throw new TypeError('a new topic')
        return events
      },
    }),
    sees: 'ignore-topics:rejected',
  },
  'answers 500 where it rejects': {
    reply: (reply) => (reply.status === 401 ? new Response(null, { status: 500 }) : reply),
    sees: 'verify:error',
  },
  'answers 200 where it rejects': {
    reply: (reply) => (reply.status === 401 ? new Response(null, { status: 200 }) : reply),
    sees: 'verify:acknowledged',
  },
  'tells its secret': {
    reply: (reply) => new Response(`secret ${SECRET}`, { status: reply.status }),
    sees: 'quiet:leak',
  },
}

/** Audits Postern's Stripe receiver, broken in one way. */
export async function auditBroken({ provider, options, reply }: Broken): Promise<AuditReport> {
  const right = stripe({ secret: SECRET })
  let runs = 0
  const receiver = createReceiver({
    provider: provider?.(right) ?? right,
    inbox: memoryInbox({ dedupeWindow: '90d' }),
    log: false,
    explain: false,
    ...options,
  })
  receiver.onAny(() => void runs++)
  try {
    return await auditHandler(
      async (request) => {
        const came = await receiver.fetch(request)
        return reply ? reply(came, request) : came
      },
      { provider: right, effect: () => runs, patience: 200 },
    )
  } finally {
    await receiver.close()
  }
}
