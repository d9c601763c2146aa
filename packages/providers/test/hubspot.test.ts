import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { hubspotEntry } from '../src/hubspot.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['yyyyyyyy-yyyy', 'zzzzzzzz-zzzz'],
  options: {
    versions: ['v3'],
  },
  draft: {
    topic: 'contact.propertyChange',
    payload: {},
  },
} as const

testProvider({ ...hubspotEntry, vectors: vectors('hubspot'), sign }, { describe, test })
