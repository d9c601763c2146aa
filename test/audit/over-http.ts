import { stripe } from '@postern/providers/stripe'
import { audit, type AuditOptions, type AuditReport } from '@postern/testing/audit'
import { networkCases } from '../../packages/cli/src/audit/network-cases.ts'
import { createWire } from '../../packages/cli/src/audit/wire.ts'
import { plant, SECRET } from './planted.ts'

/** Audits a planted receiver over HTTP, with all features that the CLI uses. */
export async function auditPlanted(
  defect?: string,
  options: Partial<AuditOptions> = {},
): Promise<AuditReport> {
  const planted = await plant(defect)
  const wire = createWire({ timeout: 5000 })
  try {
    return await audit({
      provider: stripe({ secret: SECRET }),
      url: planted.url,
      send: wire.send,
      more: networkCases,
      effect: planted.effect,
      patience: 300,
      quiet: 20,
      restart: () => planted.restart(),
      log: planted.log,
      memory: async () => planted.memory(),
      life: {
        alive: async () => planted.alive(),
        async revive() {
          if (!planted.alive()) await planted.restart()
          return true
        },
      },
      ...options,
    })
  } finally {
    wire.close()
    await planted.close()
  }
}
