import { figmaClient, figmaWebhooks } from '../clients/figma.ts'
import { checkUrl } from '../common/options.ts'
import { pagedSource } from '../common/paging.ts'
import { memberIn, row, rows, asText, isSuccess, time, type Fields } from '../common/read.ts'
import { RegistrarError } from '../errors.ts'
import type { FigmaContext } from '../figma.ts'
import type { PayloadSource } from '../source.ts'

/** Options of {@link figmaEvents}. */
export interface FigmaEventsOptions extends FigmaContext {
  /** The URL of the webhooks. */
  readonly url: string
}

/** Maximum number of webhooks to read. Each webhook costs one request. */
const MOST_WEBHOOKS = 100

/**
 * Lists the requests that Figma sent to the webhooks with this URL in the last 7 days, with payloads. Each attempt is
 * one entry in the list. The passcode is removed from payloads. Figma returns all requests of a webhook in one answer.
 *
 * API: https://developers.figma.com/docs/rest-api/webhooks-endpoints
 *
 * @example
 * const source = figmaEvents({ token, context: 'team', contextId: '123', url: 'https://app.example/figma' })
 */
export function figmaEvents(options: FigmaEventsOptions): PayloadSource {
  const { url } = options
  const call = figmaClient('figmaEvents', options)
  checkUrl('figmaEvents: url', url)
  return pagedSource({
    provider: 'figma',
    derivesIds: true,
    account: `${options.context} ${options.contextId}`,
    async page() {
      const webhooks = (await figmaWebhooks(call, options)).filter(
        (each) => each['endpoint'] === url,
      )
      if (webhooks.length > MOST_WEBHOOKS)
        throw new RegistrarError(
          'unexpected',
          `Figma: more than ${MOST_WEBHOOKS} webhooks of this context have the URL`,
        )
      const items: Fields[] = []
      for (const webhook of webhooks) {
        const { json } = await call('GET', `/v2/webhooks/${asText(webhook['id'])}/requests`)
        items.push(...rows(memberIn(json, 'requests'), 'Figma'))
      }
      return { items: items.toSorted((a, b) => sentAt(b) - sentAt(a)), next: undefined }
    },
    event: (item) => ({
      id: asText(memberIn(item, 'request_info.id')),
      topic: asText(memberIn(item, 'request_info.payload.event_type')),
      at: sentAt(item),
      undelivered: !isSuccess(memberIn(item, 'response_info.status')),
    }),
    url,
    payload(item) {
      const { passcode: _passcode, ...payload } = row(memberIn(item, 'request_info.payload'))
      return payload
    },
  })
}

function sentAt(item: Fields): number {
  return time(memberIn(item, 'request_info.sent_at'))
}
