import { jwt, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type PresetOptions } from './schemes/preset.ts'

/**
 * Netlify deploy notifications. A JSON Web Token (HS256) in `X-Webhook-Signature` holds the SHA-256 of the body; it has no
 * time. Topic is `state` (`ready`), id is `id:state`, both of them signed.
 * https://docs.netlify.com/deploy/deploy-notifications/
 */
export const netlify: Factory<PresetOptions> = /* @__PURE__ */ preset({
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
  hint: 'JWS secret token of the notification.',
  sign: () => ({
    ...jwt({
      algorithms: ['HS256'],
      header: 'X-Webhook-Signature',
      issuer: ['netlify'],
      bodyHash: { claim: 'sha256' },
    }),
    covers: { body: 'bytes' },
  }),
  eventIdField: ['id', 'state'],
  topic: topicOf('state'),
  topicField: 'state',
  checked: '2026-11-28',
})
