import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { grafanaEntry } from '../src/grafana.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['secret', 'another'],
  draft: { topic: 'firing.My Webhook', id: 'c6ea:2021-10-12T09:51:03+02:00:firing', payload: {} },
  options: { timestampHeader: 'X-TS' },
} as const

testProvider({ ...grafanaEntry, vectors: vectors('grafana'), sign }, { describe, test })
