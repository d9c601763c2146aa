// Only the compiler checks this file, and nothing in it runs.
import { allOf, behind, createReceiver } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import type { GithubEvents } from '@postern/providers/types/github'
import type { SlackEvents } from '@postern/providers/types/slack'
import type { StripeEvents } from '@postern/providers/types/stripe'
import { github } from '../../src/github.ts'
import { hookdeckGateway } from '../../src/hookdeck-gateway.ts'
import { slack } from '../../src/slack.ts'
import { stripe } from '../../src/stripe.ts'
import { expectType } from './expect.ts'

export function githubTypes(secret: string): void {
  const receiver = createReceiver({ provider: github<GithubEvents>({ secret }) })
  receiver.on('issues.opened', (event) => {
    expectType<string>()(event.payload.issue.title)
    expectType<'opened'>()(event.payload.action)
    expectType<'issues.opened'>()(event.topic)
    // @ts-expect-error -- not a member of this payload
    void event.payload.pull_request
  })
  receiver.on('push', (event) => expectType<string>()(event.payload.ref))
  receiver.on('issues', (event) => {
    expectType<string>()(event.payload.issue.title)
    // The name `issues` stands for all its topics, such as `issues.opened`.
    if (event.topic === 'issues.opened') return
    // @ts-expect-error -- no topic of issues
    if (event.topic === 'push') return
  })
  receiver.on('pull_request_review_comment.*', (event) => {
    expectType<'created' | 'deleted' | 'edited'>()(event.payload.action)
  })
  receiver.on('check_run.requested_action', (event) => void event.payload.check_run.id)
  receiver.on(['release.published', 'push'], (event) => {
    if (event.topic === 'push') expectType<string>()(event.payload.ref)
  })
  // @ts-expect-error -- no such topic
  receiver.on('issues.oppened', () => undefined)
  // @ts-expect-error -- no topic can match
  receiver.on('nothing.*', () => undefined)
}

export async function signTypes(secret: string): Promise<void> {
  const provider = github<GithubEvents>({ secret })
  const signed = provider.sign!({ topic: 'issues.opened', payload: { issue: { title: 'hi' } } })
  // @ts-expect-error -- no such topic
  provider.sign!({ topic: 'issues.oppened' })
  // A signed request can be passed to `fetch` and `Request`.
  await fetch(signed.url, signed)
  void new Request(signed.url, signed)
  // A typed provider is assignable to `Provider`.
  const any: Provider = provider
  any.sign!({ topic: 'whatever' })
  // @ts-expect-error -- the option has another name
  github({ secrets: secret })
}

export function stripeTypes(secret: string): void {
  const receiver = createReceiver({ provider: stripe<StripeEvents>({ secret }) })
  receiver.on('invoice.paid', (event) => {
    expectType<number>()(event.payload.data.object.amount_paid)
    expectType<string | undefined>()(event.payload.account)
  })
  receiver.on('payment_intent.*', (event) => expectType<string>()(event.payload.data.object.id))
  receiver.on('v2.core.account.created', (event) => {
    expectType<string>()(event.payload.id)
    expectType<string | null | undefined>()(event.payload.context)
    // @ts-expect-error -- the SDK adds this method, the wire does not
    void event.payload.fetchEvent
  })
  receiver.on('v1.customer.*', (event) =>
    expectType<string | undefined>()(event.payload.snapshot_event),
  )
  receiver.on('v1.customer.updated', (event) =>
    expectType<string>()(event.payload.related_object.url),
  )
  // @ts-expect-error -- no such topic
  receiver.on('invoice.payed', () => undefined)
}

export function slackTypes(signingSecret: string): void {
  const receiver = createReceiver({ provider: slack<SlackEvents>({ signingSecret }) })
  receiver.on('app_mention', (event) => {
    expectType<string>()(event.payload.event.text)
    expectType<string>()(event.payload.team_id)
  })
  receiver.on('message.message_changed', (event) => void event.payload.event.previous_message)
  receiver.on('message', (event) => expectType<'message'>()(event.payload.event.type))
  receiver.on('block_actions.approve', (event) => void event.payload.actions?.[0]?.value)
  receiver.answer('/deploy', (event) => ({ text: event.payload.text }))
  // @ts-expect-error -- no such topic
  receiver.on('app_mentioned', () => undefined)
}

export function untyped(secret: string): void {
  const receiver = createReceiver({ provider: github({ secret }) })
  receiver.on('whatever.*', (event) => {
    expectType<unknown>()(event.payload)
    expectType<string>()(event.topic)
  })
}

export function typesBehindGateways(secret: string): void {
  const gateway = hookdeckGateway({ secret })
  for (const provider of [
    behind(gateway, github<GithubEvents>({ secret })),
    behind<GithubEvents>(gateway, github),
    allOf(gateway, github<GithubEvents>({ secret })),
  ]) {
    const receiver = createReceiver({ provider })
    receiver.on('issues.opened', (event) => expectType<string>()(event.payload.issue.title))
    // @ts-expect-error -- no topic of GitHub
    receiver.on('issue.opened', () => undefined)
  }
}
