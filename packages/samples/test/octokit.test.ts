import events from '@octokit/webhooks-examples'
import { expect, test } from 'vitest'
import { octokitSamples } from '../src/index.ts'

test('octokitSamples gives each example of the package as it is', async () => {
  const all = events as unknown as readonly { readonly examples: readonly unknown[] }[]
  expect((await octokitSamples()).map(({ payload }) => payload)).toEqual(
    all.flatMap(({ examples }) => examples),
  )
})
