import { contentfulRegistrar } from '../src/contentful.ts'
import { testRegistrar } from './contract.ts'
import { CONTENTFUL_TOKEN, startContentful } from './fakes/contentful.ts'

testRegistrar('Contentful', {
  start: () => startContentful(),
  make: (options, token) => contentfulRegistrar({ ...options, token, space: 'octo' }),
  token: CONTENTFUL_TOKEN,
  url: 'https://app.example/contentful',
  old: 'https://old.example/contentful',
  patterns: ['ContentManagement.Entry.publish', 'Asset.*'],
  topics: ['Asset.*', 'Entry.publish'],
  others: ['Entry.publish', 'Entry.unpublish'],
})
