import { jsonReply, type Delivery, type Reply } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Smartsheet. Smartsheet expects a 200, and counts any other 2xx as a failure. Smartsheet retries 14 times: seven times
 * with growing delays, then every three hours.
 * https://developers.smartsheet.com/api/smartsheet/guides/webhooks/webhook-verification
 */
export const smartsheet: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'smartsheet',
  title: 'Smartsheet',
  docs: 'https://developers.smartsheet.com/api/smartsheet/guides/webhooks/webhook-verification',
  setup: {
    call: 'POST /2.0/webhooks of the Smartsheet API',
    secret: 'sharedSecret of the webhook',
  },
  topics: ['sheet.updated', 'row.created', 'cell.updated'],
  sign: (given) => hmac({ header: 'Smartsheet-Hmac-SHA256', ...given }),
  itemsField: 'events',
  topicField: ['objectType', 'eventType'],
  handshakes: ['Smartsheet-Hook-Challenge'],
  challenge: CHALLENGE,
  reads: ['smartsheet-hook-challenge'],
  greets: 'body',
  greet: answered,
  checked: '2026-11-28',
  delivers: {
    // 14 retries, three hours apart. The first seven delays are shorter, but not documented.
    retries: 42 * HOUR,
    after4xx: 'retried, but 410',
    givesUp: 'disabled after 14 retries, or at once by 201 to 299, 309 to 399 and 410',
    ok: '200',
    source: 'https://github.com/smartsheet-platform/slate/blob/master/source/_webhooks.html.md.erb',
  },
})

// Smartsheet sends an unsigned challenge at the start, and after each hundred callbacks.
function answered(delivery: Delivery): Reply | undefined {
  const given = delivery.header('smartsheet-hook-challenge')
  if (given === undefined || delivery.header('smartsheet-hmac-sha256') !== undefined)
    return undefined
  const challenge = checkedChallenge(given)
  const reply = jsonReply({ smartsheetHookResponse: challenge })
  return { ...reply, headers: { ...reply.headers, 'smartsheet-hook-response': challenge } }
}
