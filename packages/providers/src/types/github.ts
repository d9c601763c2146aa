import type { operations } from '@octokit/openapi-webhooks-types'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of GitHub with their payloads, from the optional peer dependency `@octokit/openapi-webhooks-types`:
 * `issues.opened`, and `issues` for a subscription to all its actions.
 *
 * @example
 * const receiver = createReceiver({ provider: github<GithubEvents>({ secret }) })
 * receiver.on('issues.opened', (event) => console.log(event.payload.issue.title))
 */
export type GithubEvents = Installed<
  keyof operations,
  '@octokit/openapi-webhooks-types',
  ByTopic & ByEvent
>

type Operation = Extract<keyof operations, string>

type ByTopic = {
  [K in Operation as TopicOf<K>]: PayloadOf<K>
}
type ByEvent = {
  [E in EventName<Operation>]: {
    [K in Operation]: EventName<K> extends E ? PayloadOf<K> : never
  }[Operation]
}

// Keys of `operations` are `issues/opened`, or `push` if the event has no actions.
type EventName<K extends string> = K extends `${infer Event}/${string}` ? Snake<Event> : Snake<K>
type TopicOf<K extends Operation> = K extends `${string}/${string}`
  ? `${EventName<K>}.${ActionOf<K>}`
  : never
type ActionOf<K extends Operation> =
  PayloadOf<K> extends { readonly action: infer Action extends string } ? Action : never
type PayloadOf<K extends Operation> = operations[K] extends {
  requestBody?: { content: { 'application/json': infer Payload } }
}
  ? Payload
  : never
type Snake<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}_${Snake<Tail>}`
  : S
