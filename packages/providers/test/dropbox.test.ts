import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { dropboxEntry } from '../src/entries/dropbox.ts'
import { dropbox } from '../src/dropbox.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['q1w2e3r4t5y6u7i', 'i7u6y5t4r3e2w1q'],
  draft: {
    topic: 'list_folder',
    payload: {},
  },
} as const

testProvider({ ...dropboxEntry, vectors: vectors('dropbox'), sign }, { describe, test })

test('dropbox: the challenge is echoed, and is no way to have a text signed', async () => {
  const provider = dropbox({ appSecret: 'secret' })
  const text = '{"list_folder":{}}'
  const get = (query: string): { method: string; url: string } => ({
    method: 'GET',
    url: `https://example.com/?${query}`,
  })
  const queries = [`challenge=${encodeURIComponent(text)}`, 'challenge=', 'challenge=a&challenge=b']
  const { replies, statuses } = await deliver(provider, queries.map(get))
  expect(statuses).toEqual([200, 403, 403])
  expect(replies[0]!.body).toBe(text)
  expect(replies[0]!.headers).toEqual({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
})
