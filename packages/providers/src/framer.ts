import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Framer. The id is the header `Framer-Webhook-Submission-Id`.
 * https://www.framer.com/help/articles/framer-form-webhook-setup/
 */
export const framer: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'framer',
  title: 'Framer',
  docs: 'https://www.framer.com/help/articles/framer-form-webhook-setup/',
  setup: { steps: ['<form>', 'Send To', 'Webhook'], secret: 'the secret that you type' },
  topics: ['form.submission'],
  sign: (given) =>
    hmac({
      header: 'Framer-Signature',
      prefix: 'sha256=',
      message: '{body}{header:framer-webhook-submission-id}',
      ...given,
    }),
  eventIdHeader: 'Framer-Webhook-Submission-Id',
  topic: 'form.submission',
  covers: { body: 'bytes', id: true },
  sends: () => ({ 'framer-webhook-submission-id': '2b3c4d5e' }),
  checked: '2026-11-28',
  delivers: { redirect: 'failure', after4xx: 'retried', ok: '2xx' },
})
