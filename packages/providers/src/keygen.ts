import { createHash } from 'node:crypto'
import type { Delivery, WebhookError } from '@postern/core'
import {
  ed25519Algorithm,
  malformed,
  signatureScheme,
  singleHeader,
  type SignatureAlgorithm,
  type Ed25519Key,
} from '@postern/core/internal'
import type { Factory } from '@postern/core/scheme'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, topicOf, type UrlPresetOptions } from './schemes/preset.ts'

const HEADER = 'keygen-signature'
const SIGNED = '(request-target) host date digest'
const ALGORITHM: SignatureAlgorithm<Ed25519Key> = {
  ...ed25519Algorithm('base64'),
  key: (secret) => ed25519Algorithm('hex').key(secret),
}

/**
 * Keygen. The signature is Ed25519 over method and path, host without port, date, and the SHA-256 of the body. The
 * header `Keygen-Signature` has the format of the draft before RFC 9421. Behind a proxy, set `publicUrl`. An account
 * can choose other algorithms, which are not supported. The topic is `data.attributes.event` (`license.created`) and
 * the id is `data.id`. Topic and id are signed.
 * https://keygen.sh/docs/api/signatures/
 */
export const keygen: Factory<UrlPresetOptions<'publicKey'>> = /* @__PURE__ */ preset({
  name: 'keygen',
  title: 'Keygen',
  docs: 'https://keygen.sh/docs/api/signatures/',
  setup: {
    call: 'POST https://api.keygen.sh/v1/accounts/<account>/webhook-endpoints',
    secret: 'the Ed25519 public key in the settings of the account, in hex',
    docs: 'https://keygen.sh/docs/api/webhooks/',
  },
  topics: ['license.created', 'license.validation.succeeded', 'machine.created'],
  extra: {
    publicUrl: 'The URL of the endpoint as configured at Keygen. Default: the URL of the request.',
  },
  secret: 'publicKey',
  reads: ['host', 'date'],
  sign: (_given, options: PublicUrlOption) =>
    urlScheme('keygen', options, (url) =>
      signatureScheme(ALGORITHM, {
        header: HEADER,
        covers: { body: 'bytes' },
        needs: [HEADER, 'date'],
        read: (delivery) => ({ signatures: [signatureOf(delivery)] }),
        write: (signature) => ({
          [HEADER]: `algorithm="ed25519", signature="${signature}", headers="${SIGNED}"`,
        }),
        url,
        message: (delivery) => signedText(delivery, url(delivery), options),
      }),
    ),
  facts: {
    scheme: 'Ed25519 of method, path, host, date and the SHA-256 of {body}, base64',
    place: { header: 'Keygen-Signature' },
  },
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
  eventIdField: 'data.id',
  topic: topicOf('data.attributes.event'),
  topicField: 'data.attributes.event',
  sends: (at) => ({ date: new Date(at).toUTCString() }),
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

function signedText(delivery: Delivery, url: string, { publicUrl }: PublicUrlOption): string {
  const { method, body } = delivery
  const { hostname, pathname, search } = new URL(url)
  const host = publicUrl === undefined ? delivery.header('host') : undefined
  const digest = createHash('sha256').update(body).digest('base64')
  return [
    `(request-target): ${method.toLowerCase()} ${pathname}${search}`,
    `host: ${host?.replace(/:\d+$/, '') ?? hostname}`,
    `date: ${singleHeader(delivery, 'date')}`,
    `digest: sha-256=${digest}`,
  ].join('\n')
}
