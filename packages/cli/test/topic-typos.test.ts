import { createReceiver } from '@postern/core'
import { catalogue } from '@postern/providers'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { samples } from '@postern/samples'
import { expect, test } from 'vitest'
import * as chargebee from '../../registrar/src/topics/chargebee.ts'
import * as hub from '../../registrar/src/topics/github.ts'
import * as hubspot from '../../registrar/src/topics/hubspot.ts'
import * as linear from '../../registrar/src/topics/linear.ts'
import * as paddle from '../../registrar/src/topics/paddle.ts'
import * as polar from '../../registrar/src/topics/polar.ts'
import * as shopify from '../../registrar/src/topics/shopify.ts'
import * as slack from '../../registrar/src/topics/slack.ts'
import * as square from '../../registrar/src/topics/square.ts'
import * as stripes from '../../registrar/src/topics/stripe.ts'
import * as telegram from '../../registrar/src/topics/telegram.ts'
import { topicTypos } from '../../core/src/receiver/topic-typos.ts'

/** Returns the warnings of a Stripe receiver, from its start and its first delivery. */
async function warnings(
  worker: true | 'onDemand',
  ...topics: string[]
): Promise<readonly string[]> {
  const told: string[] = []
  const provider = stripe({ secret: 'whsec_a_test_secret' })
  const observer = { warning: (_name: string, message: string) => void told.push(message) }
  const receiver = createReceiver({ provider, worker, log: false, observers: [observer] })
  for (const topic of topics)
    receiver.on(topic as never, { name: topic.replaceAll('*', 'all') }, () => {})
  for (const id of ['evt_1', 'evt_2'])
    await receiver.receive(provider.sign!({ id, topic: 'charge.failed' }))
  await expect.poll(() => import('../../core/src/receiver/topic-typos.ts')).toBeDefined()
  await receiver.close()
  return told
}

test.for([true, 'onDemand'] as const)(
  'a handler with a typo in its topic is logged once, with what was meant (worker: %s)',
  async (work) => {
    expect(await warnings(work, 'invoice.payed', 'invoice.*', 'customer.created')).toEqual([
      "a handler is for invoice.payed, which isn't a known topic of stripe; did you mean invoice.paid?",
    ])
  },
)

test.for([
  ['issues.open', []],
  ['issues.openend', ['issues.opened']],
  ['issue.opened', ['issues.opened']],
  ['issues_opened', ['issues.opened']],
  ['Push', ['push']],
  ['psuh', []],
  ['issues.opneed', ['issues.opened']],
  ['issues.opexxd', []],
  ['pshu', []],
  ['pusg', []],
  ['pushs', ['push']],
  ['pusshs', []],
  ['issues.reopened', []],
  ['issues.unopened', []],
  ['pull_request.opened', []],
] as const)('%s', ([topic, meant]) => {
  const said = topicTypos('github', [topic], github.about.topics)
  expect(said.map((text) => /did you mean (.+)\?/.exec(text)?.[1])).toEqual(meant)
})

const LISTS = {
  chargebee,
  github: hub,
  hubspot,
  linear,
  paddle,
  polar,
  shopify,
  slack,
  square,
  stripe: stripes,
  telegram,
}

test('no topic that a sender has is called a slip', async () => {
  const wrong: string[] = []
  for (const [name, about] of catalogue) {
    const sent = (await samples(name)).flatMap(({ topic }) => topic ?? [])
    const listed = Object.values(LISTS[name as keyof typeof LISTS] ?? {}).flatMap((list) =>
      String(list).trim().split(/\s+/),
    )
    wrong.push(...topicTypos(name, [...sent, ...listed], about.topics))
  }
  expect(wrong).toEqual([])
})
