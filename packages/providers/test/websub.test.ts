import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { websubEntry } from '../src/websub.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['hub-secret-under-200-bytes', 'another'],
  draft: {
    topic: 'https://example.com/feed?a=1&b',
    id: 'yt:video:V:2015-03-09T19:05:24.552394234+00:00',
  },
} as const

testProvider({ ...websubEntry, vectors: vectors('websub'), sign }, { describe, test })
