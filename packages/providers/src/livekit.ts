import type { SecretOption } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Options of {@link livekit}. */
export interface LivekitOptions extends PresetOptions<'apiSecret'> {
  /** The API secret that belongs to the key. */
  readonly apiSecret: SecretOption
  /** The API key of the project. The project's tokens have this key as their issuer. */
  readonly apiKey: string
}

/**
 * LiveKit. A JSON Web Token (HS256) in `Authorization`, without `Bearer`, has the SHA-256 of the body in base64. The
 * token expires after some minutes. The topic is `event` (`room_started`) and the id is `id`. Topic and id are signed.
 * https://docs.livekit.io/home/server/webhooks/
 */
export const livekit: Factory<LivekitOptions> = /* @__PURE__ */ preset({
  name: 'livekit',
  title: 'LiveKit',
  docs: 'https://docs.livekit.io/home/server/webhooks/',
  setup: {
    steps: ['Settings', 'Webhooks'],
    place: 'webhook.urls in the configuration of a server of your own',
    secret: 'the API secret of the key that signs',
  },
  notSecret: [[/^API\w{10,}$/, 'the id of the API key']],
  topics: ['room_started', 'participant_joined', 'track_published'],
  hint: 'API secret that belongs to the key.',
  extra: {
    apiKey: 'API key of the project.',
  },
  secret: 'apiSecret',
  sign(_given, { apiKey }: Pick<LivekitOptions, 'apiKey'>) {
    if (typeof apiKey !== 'string' || apiKey === '')
      throw new TypeError('livekit: apiKey is missing; it is the issuer of the tokens')
    return jwt({
      algorithms: ['HS256'],
      header: 'Authorization',
      issuer: [apiKey],
      required: ['exp'],
      bodyHash: { claim: 'sha256', encoding: 'base64' },
      claims: (_request, seconds) => ({ nbf: seconds, exp: seconds + 300 }),
    })
  },
  facts: {
    tolerance: 300,
  },
  example: { apiKey: 'APIexample', apiSecret: 'an-example-secret' },
  checked: '2026-11-28',
  delivers: {
    retries: 15_000,
    redirect: 'followed',
    after4xx: 'dropped, but 429',
    ok: 'any but 429 and 5xx',
    retryId: 'same',
    source: 'https://github.com/livekit/protocol/blob/main/webhook/resource_url_notifier.go',
  },
  fixedTolerance: true,
  eventIdField: 'id',
  topicField: 'event',
  sends: () => ({ 'content-type': 'application/webhook+json' }),
})
