import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { muxEntry } from '../src/entries/mux.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['SuperSecret123', 'another'],
  draft: { topic: 'video.asset.ready', id: '3a56ac3d-33da-4366-855b-f592d898409d', payload: {} },
} as const

testProvider({ ...muxEntry, vectors: vectors('mux'), reasons: true, sign }, { describe, test })
