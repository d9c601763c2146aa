import type { webhook } from '@line/bot-sdk'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of LINE with their payloads, from the optional peer dependency `@line/bot-sdk`: `message` for all messages,
 * and `message.text` for one kind. Each payload is one event with the delivery's `destination` added.
 *
 * @example
 * const receiver = createReceiver({ provider: line<LineEvents>({ channelSecret }) })
 * receiver.on('message.text', (event) => console.log(event.payload.message.text))
 */
export type LineEvents = Installed<keyof webhook.Event, '@line/bot-sdk', ByType & ByKind>

type Sent<E> = E & Pick<webhook.CallbackRequest, 'destination'>
type ByType = { [E in webhook.Event as E['type']]: Sent<E> }
type ByKind = {
  [M in webhook.MessageContent as `message.${M['type']}`]: Sent<
    webhook.MessageEvent & { readonly message: M }
  >
}
