import type { LinearWebhookEventTypeMap } from '@linear/sdk/webhooks'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of Linear with their payloads, from the optional peer dependency `@linear/sdk`: `Issue` for all actions, and
 * `Issue.create` for one. The action's name is not checked, because the SDK does not list actions. `createdAt` is a
 * string, as in the JSON.
 *
 * @example
 * const receiver = createReceiver({ provider: linear<LinearEvents>({ secret }) })
 * receiver.on('Issue.create', (event) => console.log(event.payload.data.title))
 */
export type LinearEvents = Installed<
  keyof LinearWebhookEventTypeMap,
  '@linear/sdk',
  ByType & ByAction
>

type Type = keyof LinearWebhookEventTypeMap
// The SDK declares `createdAt` as a Date, but does not convert the text of the JSON.
type Sent<T extends Type> = Omit<LinearWebhookEventTypeMap[T], 'createdAt' | 'type'> & {
  readonly createdAt: string
  readonly type: T
}
type ByType = { readonly [T in Type]: Sent<T> }
type ByAction = { readonly [T in Type as `${T}.${string}`]: Sent<T> }
