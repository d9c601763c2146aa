import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import type { About, Provider } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import { auditHandler, type AuditHandlerOptions, type AuditReport } from '@postern/testing/audit'

/** Senders whose examples sign nothing: whose key is theirs alone, or who are as the app says. */
const MUTE = new Set(['generic', 'microsoft-graph', 'wise'])

/** Every sender that can sign. */
export const signers: readonly About[] = [...catalogue.values()].filter(
  ({ canSign, name }) => canSign && !MUTE.has(name),
)

/** A receiver of Postern, and how often its handler ran. */
interface Own {
  readonly receiver: Receiver
  readonly effect: () => number
}

/** Makes a receiver as an app would. */
function ownReceiver(provider: Provider): Own {
  let runs = 0
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox({ dedupeWindow: '90d' }),
    log: false,
    explain: false,
  })
  receiver.onAny(() => void runs++)
  return { receiver, effect: () => runs }
}

/** Audits Postern's own receiver of a sender. */
export async function auditOwn(
  about: About,
  options: Partial<AuditHandlerOptions> = {},
): Promise<AuditReport> {
  const provider = about.create(about.example)
  const { receiver, effect } = ownReceiver(provider)
  try {
    return await auditHandler((request) => receiver.fetch(request), {
      provider,
      effect,
      ...options,
    })
  } finally {
    await receiver.close()
  }
}
