import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import type { About, Provider } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import { auditHandler, type AuditHandlerOptions, type AuditReport } from '@postern/testing/audit'

/** Providers whose examples cannot sign, because only the provider has the key or the app defines the provider. */
const MUTE = new Set(['generic', 'microsoft-graph', 'wise'])

export const signers: readonly About[] = [...catalogue.values()].filter(
  ({ canSign, name }) => canSign && !MUTE.has(name),
)

interface Own {
  readonly receiver: Receiver
  readonly effect: () => number
}

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
