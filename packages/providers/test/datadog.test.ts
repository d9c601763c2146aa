import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { datadogEntry } from '../src/datadog.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['dd-secret', 'another'],
  draft: { topic: 'query_alert_monitor', id: '7515439124875093421', payload: {} },
} as const

testProvider({ ...datadogEntry, vectors: vectors('datadog'), sign }, { describe, test })
