import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Microsoft Teams outgoing webhooks. Teams shows the reply as a message. Give the reply with `receiver.answer`.
 * https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook
 */
export const teamsOutgoing: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'teams-outgoing',
  title: 'Microsoft Teams outgoing webhooks',
  docs: 'https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook',
  setup: {
    steps: ['<team>', 'Manage team', 'Apps', 'Create an outgoing webhook'],
    secret: 'the security token shown at creation, in base64',
  },
  topics: ['message'],
  sign: (given) =>
    hmac({
      header: 'Authorization',
      prefix: 'HMAC ',
      encoding: 'base64',
      keyEncoding: 'base64',
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'type',
  example: { secret: 'YW4gZXhhbXBsZSBzZWNyZXQ=' },
  checked: '2026-11-28',
  delivers: { within: 5_000 },
})
