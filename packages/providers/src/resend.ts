import type { Factory } from '@postern/core/scheme'
import {
  SVIX_DELIVERS,
  standardFamily,
  type StandardFamilySecretOptions,
} from './schemes/standard-family.ts'

/**
 * Resend: Standard Webhooks that Svix sends, with `svix-*` headers. Svix expects a 2xx within 15 s and retries for
 * about 28 hours. https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests
 */
export const resend: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'resend',
  title: 'Resend',
  docs: 'https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests',
  setup: {
    steps: ['Dashboard', 'Webhooks'],
    url: 'https://resend.com/webhooks',
    call: 'POST https://api.resend.com/webhooks',
    secret: 'the signing secret of the webhook',
    docs: 'https://github.com/resend/resend-skills/blob/main/skills/agent-email-inbox/references/webhook-setup.md',
  },
  notSecret: [[/^re_/, 'a key for the API']],
  topics: ['email.sent', 'email.delivered', 'email.bounced', 'email.complained', 'email.opened'],
  secretHint: 'Signing secret of the webhook, whsec_…',
  prefixes: ['svix-', 'webhook-'],
  checked: '2026-11-28',
  delivers: SVIX_DELIVERS,
})
