import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { calComEntry } from '../src/cal-com.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['cal-secret', 'another'],
  draft: { topic: 'PING', id: 'PING:bFJe:2023-05-24T09:30:00.538Z', payload: {} },
} as const

testProvider({ ...calComEntry, vectors: vectors('cal.com'), sign }, { describe, test })
