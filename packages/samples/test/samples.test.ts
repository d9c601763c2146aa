import { expect, test } from 'vitest'
import { sample, samples } from '@postern/samples'

test('samples are those of one provider, each with a topic of its own', async () => {
  const all = await samples('github')
  expect(all.length).toBeGreaterThanOrEqual(3)
  expect(new Set(all.map(({ topic }) => topic)).size).toBe(all.length)
})

test('a sample is found by its topic, by what its topic begins or ends with, or is the first', async () => {
  const all = await samples('github')
  expect(await sample('github', 'issues.opened')).toEqual(
    all.find(({ topic }) => topic === 'issues.opened'),
  )
  expect((await sample('github', 'issues')).topic).toBe('issues.opened')
  expect((await sample('zendesk', 'user.created')).topic).toBe('zen:event-type:user.created')
  await expect(sample('github', 'opened-issues')).rejects.toThrow(TypeError)
  await expect(sample('github', '')).rejects.toThrow(TypeError)
  expect(await sample('github')).toEqual(all[0])
})

test('an unknown topic is rejected with those there are', async () => {
  await expect(sample('github', 'issue')).rejects.toThrow(TypeError)
  await expect(sample('github', 'issue')).rejects.toThrow(
    /topic must be one of .*issues\.opened.*got issue;/,
  )
})

test.each(['nobody', '', '../package', '../samples/github', 'github.json/..', 'GitHub'])(
  'the provider %j is rejected',
  async (name) => {
    await expect(samples(name)).rejects.toThrow(TypeError)
    await expect(samples(name)).rejects.toThrow('samples: provider must be a name in the catalog')
  },
)
