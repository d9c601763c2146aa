import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Heroku. https://devcenter.heroku.com/articles/app-webhooks */
export const heroku: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'heroku',
  title: 'Heroku',
  docs: 'https://devcenter.heroku.com/articles/app-webhooks',
  setup: {
    call: 'heroku webhooks:add',
    secret: 'the secret that the command prints, or that you pass to it',
  },
  notSecret: [[/^HRKU-/, 'a token for the API']],
  topics: ['api:release', 'api:build', 'api:dyno'],
  sign: (given) => hmac({ header: 'Heroku-Webhook-Hmac-SHA256', encoding: 'base64', ...given }),
  eventIdField: 'webhook_metadata.event.id',
  topicField: 'webhook_metadata.event.include',
  checked: '2026-11-28',
  delivers: { retries: 3 * DAY, source: 'https://devcenter.heroku.com/changelog-items/2525' },
})
