import { createReceiver, inlineInbox, memoryLedger, type WebhookEvent } from '@postern/core'
import type { StoredDelivery } from '@postern/core/inbox'
import { catalogue } from '@postern/providers/catalogue'
import { copyAsTest, frozen, samples, signedInit } from '@postern/testing'
import { expect, test } from 'vitest'
import { lawsOf, SAMPLES } from './signing.ts'

/** Returns a stored delivery of a day ago, or undefined if only the sender can sign one. */
async function stored(name: string): Promise<StoredDelivery | undefined> {
  const about = catalogue.get(name)!
  const laws = name === 'wise' || SAMPLES.has(name) ? lawsOf(name) : undefined
  const provider = about.create({
    ...about.example,
    ...(about.secretOption !== undefined && laws && { [about.secretOption]: laws.secrets[0] }),
    ...laws?.options,
  })
  if (!provider.sign) return undefined
  const at = Date.now() - 86_400_000
  const inbox = inlineInbox({ ledger: memoryLedger({ dedupeWindow: '90d' }) })
  let event: WebhookEvent | undefined
  const receiver = createReceiver({ provider, clock: { now: frozen(at) }, inbox, log: false })
  receiver.onAny((given) => void (event ??= given as WebhookEvent))
  const reply = await receiver.receive(
    await signedInit(provider, (await samples(name))[0]!.topic, undefined, { at }),
  )
  if (!event) throw new Error(`${reply.status} ${String(reply.body)}`)
  return event.delivery
}

// Only these cannot be copied: the sender alone has the key, or a copy needs options that only the app knows.
const CANNOT: readonly string[] = [
  'adcp',
  'aws-sns',
  'cloudflare-access',
  // The app chooses the signature scheme.
  'generic',
  'google-cloud-tasks',
  'google-pubsub',
  // The app chooses the issuer of the tokens.
  'livekit',
  // Only the sender can sign the validation tokens.
  'microsoft-graph',
  'paypal',
  'plaid',
  'salesforce-outbound',
  // Only their senders have the private key, and a test cannot make one.
  'telnyx',
  // The body is encrypted with the key of the app.
  'wecom',
  'wise',
]

test('a stored delivery of each sender becomes a test that passes', async () => {
  const cannot: string[] = []
  for (const [name, about] of catalogue) {
    const delivery = await stored(name).catch(() => undefined)
    const text =
      delivery && (await copyAsTest(about, delivery).catch((error: unknown) => String(error)))
    if (!text?.startsWith('import')) cannot.push(name)
  }
  expect(cannot).toEqual(CANNOT)
})
