import { jwt, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type PresetOptions } from './schemes/preset.ts'

/** Netlify deploy notifications. https://docs.netlify.com/deploy/deploy-notifications/ */
export const netlify: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'netlify',
  title: 'Netlify',
  docs: 'https://docs.netlify.com/deploy/deploy-notifications/',
  setup: {
    steps: ['<project>', 'Project configuration', 'Notifications', 'Deploy notifications'],
    secret: 'the JWS secret token that you type',
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
