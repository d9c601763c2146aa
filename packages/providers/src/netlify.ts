import type { SecretOption } from '@postern/core'
import { jwt, mergeDeep, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { joinedId } from './schemes/ids.ts'
import { text } from './common/read.ts'

/** Options of {@link netlify}. */
export interface NetlifyOptions {
  /** The JWS secret token of the notification. */
  readonly secret: SecretOption
}

/**
 * Netlify deploy notifications. A JSON Web Token (HS256) in `X-Webhook-Signature` holds the SHA-256 of the body; it has no
 * time. Topic is `state` (`ready`), id is `id:state`, both of them signed.
 * https://docs.netlify.com/deploy/deploy-notifications/
 */
export const netlify: Factory<NetlifyOptions> = /* @__PURE__ */ provider({
  name: 'netlify',
  title: 'Netlify',
  docs: 'https://docs.netlify.com/deploy/deploy-notifications/',
  setup: {
    steps: ['<project>', 'Project configuration', 'Notifications', 'Deploy notifications'],
    secret: 'the JWS secret token that you type',
    docs: 'https://docs.netlify.com/deploy/deploy-notifications/',
  },
  notSecret: [[/^nf[a-z]_/, 'a token for the API']],
  topics: ['building', 'ready', 'error'],
  options: { secret: 'JWS secret token of the notification.' },
  covers: { body: 'bytes', id: true },
  scheme: () => ({
    ...jwt({
      algorithms: ['HS256'],
      header: 'X-Webhook-Signature',
      issuer: ['netlify'],
      bodyHash: { claim: 'sha256' },
    }),
    covers: { body: 'bytes' },
  }),
  facts: {
    checked: '2026-11-28',
    delivers: {},
  },
  events: (_delivery, { value }) => [
    { id: joinedId(value, 'id', 'state'), topic: text(value, 'state') ?? 'event', payload: value },
  ],
  compose({ topic = 'ready', id = crypto.randomUUID(), payload }) {
    const own = id.endsWith(`:${topic}`) ? id.slice(0, -topic.length - 1) : id
    return { body: stringifyJson(mergeDeep({ id: own, state: topic }, payload)) }
  },
})
