import { createReceiver, inlineInbox } from '@postern/core'
import { github } from '../src/github.ts'
import { expect, test } from 'vitest'
import { deliver, octokitSamples, sample, signed } from '@postern/testing'

const provider = github({ secret: 'a secret of tests' })

test('every example of @octokit/webhooks-examples is signed, taken and has its topic', async () => {
  const samples = await octokitSamples()
  expect(samples.length).toBeGreaterThan(300)
  const receiver = createReceiver({ provider, inbox: inlineInbox(), log: false })
  const topics: string[] = []
  receiver.onAny(({ topic }) => void topics.push(topic))
  for (const draft of samples) {
    const { status } = await receiver.receive(provider.sign!(draft))
    expect([draft.topic, status]).toEqual([draft.topic, 200])
  }
  expect(topics).toEqual(samples.map(({ topic }) => topic))
  await receiver.close()
})

test('a topic that has no sample of ours is one of them, whole or by its event', async () => {
  expect(await sample('github', 'milestone.closed')).toMatchObject({
    topic: 'milestone.closed',
    payload: { action: 'closed', milestone: {} },
  })
  expect((await sample('github', 'deploy_key')).topic).toMatch(/^deploy_key\./)
  await expect(sample('github', 'milestone.eaten')).rejects.toThrow('topic must be one of')
  const receiver = createReceiver({ provider, inbox: inlineInbox(), log: false })
  receiver.on('milestone.*', () => {})
  const delivered = await deliver(receiver, await signed(provider, 'milestone.closed'))
  expect([delivered.status, delivered.events.map(({ topic }) => topic)]).toEqual([
    200,
    ['milestone.closed'],
  ])
  await receiver.close()
})
