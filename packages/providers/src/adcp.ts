import { WebhookError } from '@postern/core'
import {
  malformed,
  fetchedJwks,
  givenJwks,
  type Jwk,
  type Jwks,
  type FetchOptions,
} from '@postern/core/internal'
import { type Factory, type Scheme, fixedKeys } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { needed, text } from './common/read.ts'
import { DAY, MIB } from './common/units.ts'
import { httpMessageSignatures, seconds } from './schemes/http-signature/http-message-signatures.ts'
import { targetOf, type SignatureTarget } from './schemes/http-signature/base.ts'
import { jwkKeys, type HttpSignatureKeys } from './schemes/http-signature/keys.ts'

/** Options of {@link adcp}: the keys of the sending agent, or the URL of the keys. */
export interface AdcpOptions extends FetchOptions {
  /** The https URL of the sender's key set. */
  readonly jwksUrl?: string
  /** The sender's keys. If `jwks` is given, no keys are fetched. */
  readonly jwks?: Jwks
}

const SKEW = 60_000
const WINDOW = 300

/**
 * AdCP (Ad Context Protocol) webhooks, with HTTP message signatures (RFC 9421). A signature has the label `sig1` and
 * the tag `adcp/webhook-signing/v1`. The signature is Ed25519 or ECDSA P-256 over method, target, authority, content
 * type and digest, and is valid for at most 5 minutes. A key is used only if its `adcp_use` and `key_ops` allow
 * webhooks. The id is the body's `idempotency_key`. The topic is the task type with the status
 * (`create_media_buy.completed`), or `task.completed` if there is no type. Needs the package structured-headers.
 * https://docs.adcontextprotocol.org/docs/building/implementation/webhooks
 */
export const adcp: Factory<AdcpOptions> = /* @__PURE__ */ provider({
  name: 'adcp',
  title: 'AdCP',
  docs: 'https://docs.adcontextprotocol.org/docs/building/implementation/webhooks',
  setup: {
    place: 'push_notification_config.url of each task that you ask a seller for',
  },
  topics: ['create_media_buy.completed', 'task.completed'],
  facts: {
    scheme:
      'RFC 9421 HTTP message signature (Ed25519 or ECDSA P-256) of method, target, authority, type and digest',
    place: { header: 'Signature' },
    tolerance: 300,
    example: { jwksUrl: 'https://agent.example.com/jwks.json' },
    checked: '2026-11-28',
    delivers: {
      largest: MIB,
      retries: DAY,
      redirect: 'failure',
      after4xx: 'retried, but a 401 that names what is wrong with the signature',
      ok: '2xx',
      retryId: 'same',
      source: 'https://docs.adcontextprotocol.org/docs/building/by-layer/L3/webhooks',
    },
  },
  options: {
    jwksUrl: "The https URL of the sender's key set.",
    jwks: "The sender's keys, in place of fetching them.",
    fetch: 'In place of the global fetch.',
    timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
  },
  covers: { body: 'bytes', url: true, id: true, timestamp: true },
  canSign: false,
  // Each signature must cover Content-Type, so an attacker cannot change that header.
  labelled: () => true,
  prepare({ jwks, jwksUrl, ...fetching }) {
    if (jwks === undefined && jwksUrl === undefined)
      throw new TypeError('adcp: jwksUrl is missing; give the URL of the sender’s keys, or jwks')
    const source =
      jwks === undefined ? fetchedJwks(jwksUrl!, fetching) : givenJwks(jwks, 'adcp: jwks')
    return [jwkKeys(source, ['ed25519', 'ecdsa-p256-sha256'], isForWebhooks)]
  },
  scheme: (keys) => fixedKeys(scheme(), keys),
  events: (_delivery, { value }) => [
    {
      id: needed(value, 'idempotency_key', 'missing_event_id'),
      topic: `${text(value, 'task_type') ?? 'task'}.${needed(value, 'status')}`,
      payload: value,
    },
  ],
})

function scheme(): Scheme<HttpSignatureKeys> {
  const made = httpMessageSignatures({
    label: 'sig1',
    tag: 'adcp/webhook-signing/v1',
    requiredComponents: ['@method', '@target-uri', '@authority', 'content-type', 'content-digest'],
    requiredParameters: ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'],
    checkTimes,
    target,
    base64url: true,
  })
  // `sign` is removed, because only the sender has the private keys.
  delete made.sign
  return made
}

function isForWebhooks(key: Jwk): boolean {
  const ops = key['key_ops']
  const use = key['adcp_use']
  return (
    Array.isArray(ops) &&
    ops.includes('verify') &&
    (use === 'webhook-signing' || use === 'request-signing')
  )
}

function checkTimes(values: ReadonlyMap<string, unknown>, now: number): void {
  const created = seconds(values, 'created')!
  const expires = seconds(values, 'expires')!
  if (expires <= created || expires - created > WINDOW)
    throw malformed(
      { header: 'signature-input' },
      `a signature that expires within ${WINDOW} s of created`,
    )
  if (created * 1000 > now + SKEW)
    throw new WebhookError('timestamp_in_future', {
      problem: 'not_yet',
      header: 'signature-input',
      field: 'created',
    })
  if (expires * 1000 < now - SKEW)
    throw new WebhookError('timestamp_too_old', {
      problem: 'expired',
      header: 'signature-input',
      field: 'expires',
    })
}

// Normalizes a URL as AdCP does: percent-encoding in upper case, without dot segments.
function target(url: string): SignatureTarget {
  const found = targetOf(url)
  const upper = (part: string): string =>
    part.replace(/%[0-9a-f]{2}/gi, (escaped) => escaped.toUpperCase())
  return { ...found, path: upper(new URL(url).pathname), query: upper(found.query) }
}
