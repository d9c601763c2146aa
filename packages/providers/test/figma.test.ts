import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { figmaEntry } from '../src/figma.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['secretpasscode', 'other passcode'],
  draft: {
    topic: 'FILE_COMMENT',
    payload: {},
  },
} as const

testProvider({ ...figmaEntry, vectors: vectors('figma'), sign }, { describe, test })
