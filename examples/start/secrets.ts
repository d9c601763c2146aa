import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Secrets } from './receivers.ts'

/** Environment variables for your own secrets. With them, you can point the real providers here. */
const VARIABLES: Readonly<Record<keyof Secrets, string | undefined>> = {
  github: 'GITHUB_WEBHOOK_SECRET',
  shopify: 'SHOPIFY_CLIENT_SECRET',
  stripe: 'STRIPE_WEBHOOK_SECRET',
  twilio: 'TWILIO_AUTH_TOKEN',
  slack: 'SLACK_SIGNING_SECRET',
  standardWebhooks: 'STANDARD_WEBHOOKS_SECRET',
  linear: 'LINEAR_WEBHOOK_SECRET',
  bank: undefined,
  sensor: undefined,
}

/**
 * Returns the secrets of the sources: from the environment, or else made up. Made-up secrets are kept in a file that
 * only you can read. The next start can then still explain the rejections of this run.
 */
export function readSecrets(path: string): Secrets {
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<Secrets>) : {}
  const made = Object.fromEntries(
    Object.keys(VARIABLES).map((name) => [name, kept[name as keyof Secrets] ?? madeUp(name)]),
  ) as unknown as Secrets
  writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 })
  // `mode` has no effect on a file that already exists.
  chmodSync(path, 0o600)
  const own = Object.entries(VARIABLES).flatMap(([name, variable]) => {
    const value = variable === undefined ? undefined : process.env[variable]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...made, ...(Object.fromEntries(own) as Partial<Secrets>) }
}

function madeUp(name: string): string {
  const bytes = randomBytes(24)
  return name === 'standardWebhooks' ? `whsec_${bytes.toString('base64')}` : bytes.toString('hex')
}
