import { fileURLToPath } from 'node:url'
import { catalogue } from '@postern/providers/catalogue'
import { audit, type AuditReport } from '@postern/testing/audit'
import { networkCases } from '../../packages/cli/src/audit/network-cases.ts'
import { lifeOf } from '../../packages/cli/src/audit/observer.ts'
import { createWire } from '../../packages/cli/src/audit/wire.ts'
import { startReceiver, type StartedReceiver } from './start.ts'

const KEY = `whsec_${Buffer.from('a key of thirty-two bytes, made up').toString('base64')}`

/** Files of receivers that follow tutorials, and the provider of each. */
export const TUTORIALS: Readonly<Record<string, string>> = {
  'express-raw.ts': 'stripe',
  'express-json.ts': 'github',
  'secret-unset.ts': 'github',
  'github-equals.ts': 'github',
  'github-methods.ts': 'github',
  'slack-receiver.ts': 'slack',
  'hono-sdk.ts': 'stripe',
  'shopify-buffer.ts': 'shopify',
  'standard-package.ts': 'standard-webhooks',
  'svix-package.ts': 'svix',
  'twilio-package.ts': 'twilio',
  'python_server.py': 'stripe',
  'flask_plain.py': 'github',
  'flask_debug.py': 'github',
  'php_plain.php': 'github',
  'php_shopify.php': 'shopify',
  'go_net_http.go': 'github',
}

export async function auditTutorial(file: string): Promise<AuditReport> {
  const about = catalogue.get(TUTORIALS[file]!)!
  const { url, ended, stop } = await startTutorial(file)
  // PHP's server needs seconds for the largest body.
  const wire = createWire({ timeout: file.endsWith('.php') ? 20_000 : 5000 })
  try {
    return await audit({
      provider: about.create({ [about.secretOption!]: KEY }),
      url,
      send: wire.send,
      more: networkCases,
      life: lifeOf(url, undefined),
    })
  } finally {
    wire.close()
    stop()
    await ended
  }
}

async function startTutorial(file: string): Promise<StartedReceiver> {
  const path = fileURLToPath(new URL(`tutorials/${file}`, import.meta.url))
  return startReceiver(path, { SECRET: KEY, SECRET_OF_THE_OLD_APP: undefined })
}
