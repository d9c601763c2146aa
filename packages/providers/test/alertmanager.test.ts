import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { alertmanagerEntry } from '../src/alertmanager.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['am-token', 'another'],
  draft: { topic: 'resolved.ops', id: 'a1b2:2024-05-01T12:00:00Z:resolved', payload: {} },
  anyCase: true,
} as const

testProvider({ ...alertmanagerEntry, vectors: vectors('alertmanager'), sign }, { describe, test })
