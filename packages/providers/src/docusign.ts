import { WebhookError, type Delivery } from '@postern/core'
import type { SignatureClaim } from '@postern/core/internal'
import { hmac, type EventDraft, type Factory, type ParsedBody } from '@postern/core/scheme'
import { DAY, MIB } from './common/units.ts'
import { field, needed } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const MAX_KEYS = 100
const SIGNATURES: readonly string[] = /* @__PURE__ */ Array.from(
  { length: MAX_KEYS },
  (_, at) => `x-docusign-signature-${at + 1}`,
)
const MAX_BODY: number = 32 * MIB

/**
 * DocuSign Connect. The signature is HMAC-SHA256 over the body, in one header per key of the account
 * (`X-DocuSign-Signature-1` to `-100`); one match is enough. The topic is `event` (`envelope-completed`), or the status
 * of a legacy XML message (`Completed`). The id is made of envelope, event and time. The signature has no time.
 * DocuSign waits 100 s for an answer and retries for 15 days. A message can contain documents, so the body limit is 32
 * MiB.
 * https://developers.docusign.com/platform/webhooks/connect/hmac/
 */
export const docusign: Factory<PresetOptions<'hmacKey'>> = /* @__PURE__ */ sender({
  name: 'docusign',
  title: 'DocuSign Connect',
  docs: 'https://developers.docusign.com/platform/webhooks/connect/hmac/',
  setup: {
    steps: ['Admin', 'INTEGRATIONS', 'Connect'],
    secret: 'an HMAC key that you add under Admin → Connect',
    docs: 'https://developers.docusign.com/platform/webhooks/connect/setting-up-hmac',
  },
  notSecret: [[/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, 'an id']],
  topics: ['envelope-completed', 'recipient-signed', 'Completed'],
  checked: '2026-11-28',
  delivers: {
    within: 100_000,
    retries: 15 * DAY,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://github.com/hookdeck/webhook-skills/tree/main/skills/docusign-webhooks',
  },
  hint: 'An HMAC key of the account.',
  formats: ['json', 'xml'],
  secret: 'hmacKey',
  covers: { body: 'bytes', id: true },
  sign: () =>
    hmac({ header: 'X-DocuSign-Signature-1', encoding: 'base64', read, present: isSigned }),
  reads: SIGNATURES,
  limits: { body: MAX_BODY },
  events: (_delivery, body) => [eventOf(body)],
  compose({ topic = 'envelope-completed', payload, at = Date.now() }) {
    const event = {
      event: topic,
      apiVersion: 'v2.1',
      generatedDateTime: new Date(at).toISOString(),
    }
    const data = { envelopeId: crypto.randomUUID() }
    return { body: sampleJson({ ...event, data }, payload) }
  },
})

// A header's name ends with the number of the account's key. The first key may be turned off, so a delivery may lack
// the header `…-1`.
function isSigned(head: Delivery): boolean {
  for (const [name] of head.headerLines()) if (name.startsWith('x-docusign-signature-')) return true
  return false
}

function read(delivery: Delivery): SignatureClaim {
  const signatures: string[] = []
  for (const name of SIGNATURES) signatures.push(...delivery.headers(name))
  if (signatures.length === 0)
    throw new WebhookError('missing_header', {
      problem: 'missing',
      header: 'x-docusign-signature-1',
      remedy: 'switch HMAC on in the Connect configuration',
    })
  return { signatures: signatures.slice(0, MAX_KEYS) }
}

function eventOf({ kind, value }: ParsedBody): EventDraft {
  if (kind !== 'xml') {
    const id = joinedId(value, 'data.envelopeId', 'event', 'generatedDateTime')
    return { id, topic: needed(value, 'event'), payload: value }
  }
  const status = field(field(value, 'DocuSignEnvelopeInformation'), 'EnvelopeStatus')
  const id = joinedId(status, 'EnvelopeID', 'Status', 'TimeGenerated')
  return { id, topic: needed(status, 'Status'), payload: value }
}
