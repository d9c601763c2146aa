import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { lineEntry } from '../src/entries/line.ts'
import { line } from '../src/line.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['8c570fa6dd201bb3', '3bb102dd6af075c8'],
  draft: {
    topic: 'message.text',
    id: '01FZ74A0TDDPYRVKNK77XKC3ZR',
    payload: {},
  },
} as const

testProvider({ ...lineEntry, vectors: vectors('line'), sign }, { describe, test })

test('line: the console verifies with a signed delivery of no events', async () => {
  const provider = line({ channelSecret: 'secret' })
  const body = '{"destination":"U1","events":[]}'
  const { statuses, events } = await deliver(provider, [provider.sign!({ body })])
  expect(statuses).toEqual([200])
  expect(events).toEqual([])
})
