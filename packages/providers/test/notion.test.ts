import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { notionEntry } from '../src/notion.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['secret_abc123', 'secret_321cba'],
  draft: {
    topic: 'page.created',
    id: 'evt_1',
    payload: {},
  },
  anyCase: true,
} as const

testProvider({ ...notionEntry, vectors: vectors('notion'), sign }, { describe, test })
