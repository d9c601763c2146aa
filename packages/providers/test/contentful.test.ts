import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { contentfulEntry } from '../src/contentful.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
  ],
  draft: {
    topic: 'ContentManagement.Entry.publish',
    id: '94516f9a3fe42e30',
    payload: {},
  },
} as const

testProvider({ ...contentfulEntry, vectors: vectors('contentful'), sign }, { describe, test })
