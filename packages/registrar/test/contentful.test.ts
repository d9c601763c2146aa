import { contentfulRegistrar } from '../src/contentful.ts'
import { testRegistrar } from './contract.ts'
import { CONTENTFUL_TOKEN, startContentful } from './fakes/contentful.ts'
import { off } from './fakes/rows.ts'

testRegistrar('Contentful', {
  start: () => startContentful(),
  make: (options, token) => contentfulRegistrar({ ...options, token, space: 'octo' }),
  token: CONTENTFUL_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], sys: { id: `more-${at}`, version: 0 } }),
  patterns: ['ContentManagement.Entry.publish', 'Asset.*'],
  topics: ['Asset.*', 'Entry.publish'],
  others: ['Entry.publish', 'Entry.unpublish'],
  disable: off({ active: false }),
  fail: () => ({ at: Date.parse('2026-01-01T00:00:01Z'), status: 500 }),
})
