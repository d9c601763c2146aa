import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** HCP Terraform. https://developer.hashicorp.com/terraform/cloud-docs/workspaces/settings/notifications */
export const terraformCloud: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'terraform-cloud',
  title: 'HCP Terraform',
  docs: 'https://developer.hashicorp.com/terraform/cloud-docs/workspaces/settings/notifications',
  setup: { steps: ['<workspace>', 'Settings', 'Notifications'], secret: 'the token that you type' },
  notSecret: [[/\.atlasv1\./, 'a token for the API']],
  topics: ['run:completed', 'run:errored', 'run:planning'],
  sign: (given) => hmac({ header: 'X-TFE-Notification-Signature', algorithm: 'sha512', ...given }),
  topicField: 'notifications.0.trigger',
  checked: '2026-11-28',
  delivers: { ok: '2xx' },
})
