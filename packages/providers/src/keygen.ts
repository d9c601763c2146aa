import { createHash } from 'node:crypto'
import type { Delivery, SecretOption, WebhookError } from '@postern/core'
import {
  ed25519Algorithm,
  malformed,
  mergeDeep,
  signatureScheme,
  singleHeader,
  stringifyJson,
  type SignatureAlgorithm,
  type Ed25519Key,
} from '@postern/core/internal'
import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { member } from './common/read.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link keygen}. */
export interface KeygenOptions extends PublicUrlOption {
  /** The Ed25519 public key of the account, in hex. */
  readonly publicKey: SecretOption
}

const HEADER = 'keygen-signature'
const SIGNED = '(request-target) host date digest'
const ALGORITHM: SignatureAlgorithm<Ed25519Key> = {
  ...ed25519Algorithm('base64'),
  key: (secret) => ed25519Algorithm('hex').key(secret),
}

/**
 * Keygen. Ed25519 over method and path, host, date and the SHA-256 of the body, in `Keygen-Signature` as an HTTP signature of
 * the old draft. The host is signed without its port. Behind a proxy give `publicUrl`. Of other algorithms that an account can choose none is taken. Topic is `data.attributes.event`
 * (`license.created`), id is `data.id`, both of them signed.
 * https://keygen.sh/docs/api/signatures/
 */
export const keygen: Factory<KeygenOptions> = /* @__PURE__ */ provider({
  name: 'keygen',
  title: 'Keygen',
  docs: 'https://keygen.sh/docs/api/signatures/',
  setup: {
    call: 'POST https://api.keygen.sh/v1/accounts/<account>/webhook-endpoints',
    secret: 'the Ed25519 public key in the settings of the account',
    docs: 'https://keygen.sh/docs/api/webhooks/',
  },
  topics: ['license.created', 'license.validation.succeeded', 'machine.created'],
  options: {
    publicKey: 'Ed25519 public key of the account, in hex.',
    publicUrl: 'The URL of the endpoint as Keygen has it. Default: the URL of the request.',
  },
  prepare(options) {
    checkPublicUrl('keygen', options)
    return options
  },
  secret: 'publicKey',
  covers: { body: 'bytes', url: true, id: true },
  reads: ['host', 'date'],
  scheme: (options) =>
    signatureScheme(ALGORITHM, {
      header: HEADER,
      covers: { body: 'bytes', url: true },
      needs: [HEADER, 'date'],
      read: (delivery) => ({ signatures: [signatureOf(delivery)] }),
      write: (signature) => ({
        [HEADER]: `algorithm="ed25519", signature="${signature}", headers="${SIGNED}"`,
      }),
      url: (delivery) => signedUrl(delivery, options),
      message: (delivery) => signedText(delivery, options),
    }),
  facts: {
    scheme: 'Ed25519 of method, path, host, date and the SHA-256 of {body}, base64',
    place: { header: 'Keygen-Signature' },
    example: { publicKey: `private:${'9d'.repeat(32)}` },
    checked: '2026-11-28',
    delivers: {
      within: 15_000,
      retries: 217_687_000,
      after4xx: 'retried',
      ok: '2xx',
      givesUp: 'disabled by a 410',
      retryId: 'same',
      source: 'https://github.com/keygen-sh/keygen-api/blob/master/app/workers/webhook_worker.rb',
    },
  },
  events: (_delivery, { value }) => [
    {
      id: member(value, 'data.id'),
      topic: member(value, 'data.attributes.event') ?? 'event',
      payload: value,
    },
  ],
  compose: ({ topic = 'license.created', id = crypto.randomUUID(), payload, at = Date.now() }) => ({
    headers: { date: new Date(at).toUTCString() },
    body: stringifyJson(mergeDeep({ data: { id, attributes: { event: topic } } }, payload)),
  }),
})

function signatureOf(delivery: Delivery): string {
  const value = singleHeader(delivery, HEADER)
  const found = new Map<string, string>()
  for (const part of value.split(/, ?/)) {
    const [, name, text] = /^(keyid|algorithm|signature|headers)="([^"]*)"$/.exec(part) ?? []
    if (name === undefined || found.has(name)) throw grammar()
    found.set(name, text!)
  }
  const signature = found.get('signature')
  if (found.get('algorithm') !== 'ed25519' || found.get('headers') !== SIGNED || !signature)
    throw grammar()
  return signature
}

function grammar(): WebhookError {
  return malformed({ header: HEADER }, `algorithm="ed25519", signature="…" and headers="${SIGNED}"`)
}

function signedText(delivery: Delivery, options: KeygenOptions): string {
  const { method, body } = delivery
  const { hostname, pathname, search } = new URL(signedUrl(delivery, options))
  const host = options.publicUrl === undefined ? delivery.header('host') : undefined
  const digest = createHash('sha256').update(body).digest('base64')
  return [
    `(request-target): ${method.toLowerCase()} ${pathname}${search}`,
    `host: ${host?.replace(/:\d+$/, '') ?? hostname}`,
    `date: ${singleHeader(delivery, 'date')}`,
    `digest: sha-256=${digest}`,
  ].join('\n')
}
