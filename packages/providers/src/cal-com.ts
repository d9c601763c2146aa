import { hmac, type Factory } from '@postern/core/scheme'
import { member, text } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Cal.com. The signature is HMAC-SHA256 over the body, in `X-Cal-Signature-256`. The topic is `triggerEvent`
 * (`BOOKING_CREATED`), or `custom` if your payload template has no `triggerEvent`. Cal.com sends no event id, so the id
 * is made of trigger, booking and `createdAt`, which are all signed. Cal.com counts a redirect as a failure. Most
 * installations of Cal.com do not retry.
 * https://cal.com/docs/developing/guides/automation/webhooks
 */
export const calCom: Factory<PresetOptions> = /* @__PURE__ */ sender({
  name: 'cal.com',
  title: 'Cal.com',
  docs: 'https://cal.com/docs/developing/guides/automation/webhooks',
  setup: {
    steps: ['Settings', 'Developer', 'Webhooks'],
    url: 'https://app.cal.com/settings/developer/webhooks',
    secret: 'the text that you enter as Secret',
    docs: 'https://cal.com/docs/core-features/webhooks',
  },
  notSecret: [[/^cal_(?:live_)?/, 'a key for the API']],
  topics: ['BOOKING_CREATED', 'BOOKING_RESCHEDULED', 'BOOKING_CANCELLED', 'FORM_SUBMITTED', 'PING'],
  checked: '2026-11-26',
  delivers: { redirect: 'failure' },
  formats: ['json', 'form'],
  covers: { body: 'bytes', id: true },
  sign: () => hmac({ header: 'X-Cal-Signature-256', covers: { body: 'bytes', id: true } }),
  events(_delivery, { value }) {
    return [
      {
        id: idOf(value),
        topic: text(value, 'triggerEvent') ?? 'custom',
        payload: value,
      },
    ]
  },
  compose({ topic = 'BOOKING_CREATED', id, payload, at = Date.now() }) {
    const [, uid, createdAt] = /^[^:]*:([^:]*):(.*)$/.exec(id ?? '') ?? []
    return {
      body: sampleJson(
        {
          triggerEvent: topic,
          createdAt: createdAt ?? new Date(at).toISOString(),
          payload: { uid: uid ?? 'bFJeNb2uX8ANpT3JL5EfXw' },
        },
        payload,
      ),
    }
  },
})

// Returns the id of an event. MEETING_STARTED and MEETING_ENDED have no `payload`, and come only once per booking. So
// trigger and booking are enough to make their ids unique.
function idOf(value: unknown): string | undefined {
  const names = ['payload.uid', 'payload.bookingId']
  const booking = names.find((name) => member(value, name) !== undefined)
  if (booking === undefined && text(value, 'triggerEvent')?.startsWith('MEETING_'))
    return joinedId(value, 'triggerEvent', 'uid')
  return joinedId(value, 'triggerEvent', booking ?? 'payload.uid', 'createdAt')
}
