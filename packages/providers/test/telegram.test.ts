import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { telegramEntry } from '../src/telegram.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['Abc-123_xyz', 'Xyz-321_abc'],
  draft: {
    topic: 'message',
    id: '9007199254740993',
    payload: {},
  },
} as const

testProvider({ ...telegramEntry, vectors: vectors('telegram'), sign }, { describe, test })
