import type { UnwrapWebhookEvent } from 'openai/resources/webhooks'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of OpenAI with their payloads, from the optional peer dependency `openai`.
 *
 * @example
 * const receiver = createReceiver({ provider: openai<OpenaiEvents>({ secret }) })
 * receiver.on('response.completed', (event) => console.log(event.payload.data.id))
 */
export type OpenaiEvents = Installed<keyof UnwrapWebhookEvent, 'openai', Events>

type Events = { [E in UnwrapWebhookEvent as E['type']]: E }
