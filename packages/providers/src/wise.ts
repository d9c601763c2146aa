import { rsa, type Factory, type Scheme } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Wise. RSA-SHA256 over the body in `X-Signature-SHA256`, base64. Topic is `event_type`, id is `X-Delivery-Id`.
 * https://docs.wise.com/api-docs/features/webhooks-notifications/event-handling
 */
export const wise: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'wise',
  title: 'Wise',
  docs: 'https://docs.wise.com/api-docs/features/webhooks-notifications/event-handling',
  setup: {
    steps: ['Settings', 'Developer tools', 'Webhooks'],
    secret: 'the public key that Wise publishes for the environment, PEM',
  },
  topics: ['transfers#state-change', 'balances#credit', 'profiles#verification-state-change'],
  hint: 'Public key of the environment, PEM.',
  sign: { scheme: rsa({ header: 'X-Signature-SHA256' }) as Scheme<unknown> },
  eventIdHeader: 'X-Delivery-Id',
  topicField: 'event_type',
  example: {
    secret:
      'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDFtVu9zvzzn2B3srhZRyeNuxBtOiUuaS82YRPauAZGwclp0NUUAvcKZJoSRfO4Hp8eUbJrNxVrvVnIuddehwmYUYRR78XSMbSm9f1HVShb7yAdGKl+x1G4H6pxwih0YA1IWU5PoFSTPwj6rO3CFf3A74Vbx62kjvOQvWiPUAew+wIDAQAB',
  },
  checked: '2026-11-28',
})
